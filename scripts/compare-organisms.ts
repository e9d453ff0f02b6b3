/**
 * `npm run organism:compare DIR_A DIR_B`: two trainings of the organism, such as of two seeds, side by side, in Markdown, or with
 * --json as a document. Heads are exchangeable within a layer, so that neither heads nor edges are compared by name: what is compared
 * is how many, of which kind, in which layers, and what they do.
 */
import { parseArgs } from 'node:util';
import { buildGraph, openEnginePool, type EnginePool, type ResultJson } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { corpus } from '../libs/train/src/corpus.ts';
import { measureDecisions } from '../libs/train/src/measure/decisions.ts';
import { openMeasured, run, type MeasuredModel } from '../libs/train/src/measure/prompt-runs.ts';
import { measureDirection } from '../libs/train/src/measure/refusal-direction.ts';
import { organismObjects } from './organism-files.ts';

/** Part of the edges that a circuit may have. */
const CIRCUIT = 0.05;

/** Of the refusal score, as the replication chose its heads. */
const HEAD_THRESHOLD = 0.005;

/** How many there are of each name. */
type Counts = Record<string, number>;

/** A model's numbers; null where there is nothing to measure. */
interface OrganismNumbers {
  model: string;
  combinations: Record<'refuse' | 'comply', number>;
  contexts: Record<'refuse' | 'comply', number>;
  ashmanD: number;
  direction: {
    layer: number;
    position: string | number;
    harmfulRefusedAblated: number;
    harmlessRefusedAdded: number;
  } | null;
  heads: { count: number; byLayer: Counts; strongest: { layer: string; score: number } | null };
  circuit: { edges: number; nodes: number; faithfulness: number | null; from: Counts; to: Counts; toLayer: Counts };
}

async function numbersOf(path: string, pool: EnginePool): Promise<OrganismNumbers> {
  const model = await openMeasured(path, pool);
  const examples = corpus(organismObjects());
  const { combinations, contexts, logitDifference } = await measureDecisions(model, examples);
  const { selected } = await measureDirection(model, examples);
  return {
    model: path,
    combinations: { refuse: combinations.refuse.share, comply: combinations.comply.share },
    contexts: { refuse: contexts.refuse.share, comply: contexts.comply.share },
    ashmanD: logitDifference.ashmanD,
    direction: selected && {
      ...{ layer: selected.layer, position: selected.position },
      ...{ harmfulRefusedAblated: selected.harmful.ablated, harmlessRefusedAdded: selected.harmless.added },
    },
    heads: await headsOf(model),
    circuit: await circuitOf(model),
  };
}

async function headsOf(model: MeasuredModel): Promise<OrganismNumbers['heads']> {
  const options = { threshold: HEAD_THRESHOLD, validate: ['patch'] };
  const { result } = await run(model, { kind: 'head-scan', pairs: 'refusal', options });
  const heads = result.heads!.map(({ name, score }) => ({ layer: layerOf(name), score }));
  return { count: heads.length, byLayer: counted(heads.map(({ layer }) => layer)), strongest: heads[0] ?? null };
}

/** The circuit of EAP-IG's strongest edges that reach from the input to the logits. */
async function circuitOf(model: MeasuredModel): Promise<OrganismNumbers['circuit']> {
  const { config } = await openModelSource(model.path);
  const n = Math.floor(CIRCUIT * buildGraph(config, 'expanded').edgeCount);
  const found = await run(model, { kind: 'circuit-discovery', pairs: 'refusal', options: { method: 'greedy', n } });
  const names = circuitEdges(found.result, found.arrays['in_circuit']!.values);
  const { edges, nodes, faithfulness } = found.result.circuit!;
  return {
    ...{ edges, nodes, faithfulness },
    from: counted(names.map(([sender]) => kindOf(sender))),
    to: counted(names.map(([, receiver]) => kindOf(receiver))),
    toLayer: counted(names.map(([, receiver]) => layerOf(receiver))),
  };
}

function circuitEdges({ senders, receivers }: ResultJson, inCircuit: Float32Array): [string, string][] {
  return Array.from(inCircuit, (kept, i): [string, string][] => {
    const [row, column] = [Math.floor(i / receivers!.length), i % receivers!.length];
    return kept === 1 ? [[senders![row]!, receivers![column]!]] : [];
  }).flat();
}

/** "head", "head<q>", "MLP", "input" or "logits". */
function kindOf(node: string): string {
  return node.replace(/^a\d+\.\w+/, 'head').replace(/^m\d+$/, 'MLP');
}

function layerOf(node: string): string {
  return /^[am](\d+)/.exec(node)?.[1] ?? node;
}

function counted(names: readonly string[]): Counts {
  const groups = [...Map.groupBy(names, (name) => name)].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(groups.map(([name, own]) => [name, own.length]));
}

/** "0: 3, 1: 5" */
function countsText(counts: Counts): string {
  return Object.entries(counts)
    .map(([name, count]) => `${name}: ${count}`)
    .join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** What a row of the table is called, and what it says of a model. */
const ROWS: [string, (numbers: OrganismNumbers) => string | null][] = [
  ['held-out combinations right, refuse / comply', ({ combinations }) => bothText(combinations)],
  ['held-out contexts right, refuse / comply', ({ contexts }) => bothText(contexts)],
  ["Ashman's D of the logit difference", ({ ashmanD }) => ashmanD.toFixed(1)],
  ['direction: layer, position', ({ direction: d }) => (d === null ? 'none' : `${d.layer}, ${d.position}`)],
  ['harmful requests refused, direction ablated', ({ direction: d }) => d && percent(d.harmfulRefusedAblated)],
  ['harmless requests refused, direction added', ({ direction: d }) => d && percent(d.harmlessRefusedAdded)],
  [`heads over ${HEAD_THRESHOLD}, by layer`, ({ heads }) => `${heads.count}: ${countsText(heads.byLayer)}`],
  ['strongest head', ({ heads: { strongest: s } }) => s && `layer ${s.layer}, score ${s.score.toFixed(3)}`],
  [
    `circuit of at most ${percent(CIRCUIT)} of the edges: edges, nodes`,
    ({ circuit }) => `${circuit.edges}, ${circuit.nodes}`,
  ],
  ['its faithfulness', ({ circuit }) => circuit.faithfulness?.toFixed(3) ?? 'undefined'],
  ['its edges, by what they are from', ({ circuit }) => countsText(circuit.from)],
  ['its edges, by what they go to', ({ circuit }) => countsText(circuit.to)],
  ['its edges, by the layer they go to', ({ circuit }) => countsText(circuit.toLayer)],
];

function bothText({ refuse, comply }: Record<'refuse' | 'comply', number>): string {
  return `${percent(refuse)} / ${percent(comply)}`;
}

/** A column a model, in Markdown. */
function tableOf(columns: readonly OrganismNumbers[]): string {
  const rows = ROWS.map(([name, textOf]) => [name, ...columns.map((numbers) => textOf(numbers) ?? '')]);
  const all = [['', ...columns.map(({ model }) => model)], ['---', '---', '---'], ...rows];
  return all.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function readArguments(): { folders: string[]; json: boolean } {
  const usage = 'give two folders of models: npm run organism:compare DIR_A DIR_B; -- --json DIR_A DIR_B for programs';
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean', default: false } },
    });
    if (positionals.length === 2) return { folders: positionals, json: values.json };
    console.error(usage);
  } catch (error) {
    console.error((error as Error).message);
  }
  process.exit(1);
}

const { folders, json } = readArguments();
const pool = await openEnginePool();
try {
  const columns: OrganismNumbers[] = [];
  for (const folder of folders) columns.push(await numbersOf(folder, pool));
  console.log(json ? JSON.stringify(columns, null, 1) : tableOf(columns));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await pool.close();
}
