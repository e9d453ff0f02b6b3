/**
 * `npm run organism:compare DIR_A DIR_B`: two trainings of the organism, such as of two seeds, side by side, in Markdown. Heads are
 * exchangeable within a layer, so that neither heads nor edges are compared by name: what is compared is how many, of which
 * kind, in which layers, and what they do.
 */
import { parseArgs } from 'node:util';
import { buildGraph, openEnginePool, type ResultJson } from '@demur/interp';
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

/** A model's numbers by what they are, as texts. */
type Column = Map<string, string>;

async function columnOf(model: MeasuredModel): Promise<Column> {
  const examples = corpus(organismObjects());
  const { combinations, contexts, logitDifference } = await measureDecisions(model, examples);
  const { selected } = await measureDirection(model, examples);
  return new Map([
    [
      'held-out combinations right, refuse / comply',
      `${percent(combinations.refuse.share)} / ${percent(combinations.comply.share)}`,
    ],
    [
      'held-out contexts right, refuse / comply',
      `${percent(contexts.refuse.share)} / ${percent(contexts.comply.share)}`,
    ],
    ["Ashman's D of the logit difference", logitDifference.ashmanD.toFixed(1)],
    ['direction: layer, position', selected === null ? 'none' : `${selected.layer}, ${selected.position}`],
    ['harmful requests refused, direction ablated', selected === null ? '' : percent(selected.harmful.ablated)],
    ['harmless requests refused, direction added', selected === null ? '' : percent(selected.harmless.added)],
    ...(await headRows(model)),
    ...(await circuitRows(model)),
  ]);
}

async function headRows(model: MeasuredModel): Promise<[string, string][]> {
  const options = { threshold: HEAD_THRESHOLD, validate: ['patch'] };
  const { result } = await run(model, { kind: 'head-scan', pairs: 'refusal', options });
  const heads = result.heads!.map(({ name }) => name);
  return [
    [`heads over ${HEAD_THRESHOLD}, by layer`, `${heads.length}: ${counted(heads.map((head) => layerOf(head)))}`],
    [
      'strongest head',
      heads[0] === undefined ? '' : `layer ${layerOf(heads[0])}, score ${result.heads![0]!.score.toFixed(3)}`,
    ],
  ];
}

/** The circuit of EAP-IG's strongest edges that reach from the input to the logits. */
async function circuitRows(model: MeasuredModel): Promise<[string, string][]> {
  const { config } = await openModelSource(model.path);
  const n = Math.floor(CIRCUIT * buildGraph(config, 'expanded').edgeCount);
  const found = await run(model, { kind: 'circuit-discovery', pairs: 'refusal', options: { method: 'greedy', n } });
  const names = circuitEdges(found.result, found.arrays['in_circuit']!.values);
  const { edges, nodes, faithfulness } = found.result.circuit!;
  return [
    [`circuit of at most ${percent(CIRCUIT)} of the edges: edges, nodes`, `${edges}, ${nodes}`],
    ['its faithfulness', faithfulness?.toFixed(3) ?? 'undefined'],
    ['its edges, by what they are from', counted(names.map(([sender]) => kindOf(sender)))],
    ['its edges, by what they go to', counted(names.map(([, receiver]) => kindOf(receiver)))],
    ['its edges, by the layer they go to', counted(names.map(([, receiver]) => layerOf(receiver)))],
  ];
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

/** "0: 3, 1: 5", by name. */
function counted(names: readonly string[]): string {
  const groups = [...Map.groupBy(names, (name) => name)].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([name, own]) => `${name}: ${own.length}`).join(', ');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

const { positionals } = parseArgs({ allowPositionals: true });
if (positionals.length !== 2) {
  console.error('give two folders of models: npm run organism:compare DIR_A DIR_B');
  process.exit(1);
}
const pool = await openEnginePool();
try {
  const columns: Column[] = [];
  for (const path of positionals) columns.push(await columnOf(await openMeasured(path, pool)));
  const rows = [...columns[0]!.keys()].map((name) => [name, ...columns.map((column) => column.get(name) ?? '')]);
  console.log(`| | ${positionals.join(' | ')} |\n|${' --- |'.repeat(3)}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await pool.close();
}
