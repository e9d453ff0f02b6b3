/** The experiments of the study of circuits, in their order, and their numbers side by side. Not what is said of them. */
import { buildGraph, type PairSpec, type ResultJson } from '@demur/interp';
import { edgeScores, type EdgeScores } from '../../edge-scores.ts';
import { meanAndDeviation } from '../../mean-and-deviation.ts';
import { pairSpecOf } from '../../pair-specs.ts';
import type { StepSpec, StudyFinding, StudyGiven, StudyRun } from '../../study.ts';

/** A circuit counts as faithful that does this part of what the model does. */
export const FAITHFUL = 0.9;

/** Sizes that are tried between two of the curve. */
const REFINED = 8;

/** ACDC++'s thresholds, as parts of the difference between the groups' mean metrics, until one leaves a faithful circuit. */
export const TAU_SHARES = [0.02, 0.01, 0.005, 0.0025, 0.00125, 0.000625] as const;

/** How many edges ACDC++ may be left to test: the first number that is faithful enough is taken, or else the last. */
const PRUNED_SIZES = [20, 50, 100, 200, 500, 1000, 1500];

/** Pruning may cost half of what a faithful circuit may lack; tests may cost the rest. */
export const PRUNED_FAITHFUL = (1 + FAITHFUL) / 2;

/** Graphs of more edges than this are searched on `FEW_PAIRS` of the pairs, by `FEW_TAUS` thresholds: a test there is a pass of seconds. */
const LARGE_GRAPH = 20_000;
const FEW_PAIRS = 16;
const FEW_TAUS = 2;

const RESAMPLES = 200;

/** The most edges that a bootstrap compares. */
const MOST_COMPARED = 1000;

export type Sizes = NonNullable<ResultJson['sizes']>;

export interface Circuit {
  /** Cells of the matrix [sender, receiver]. */
  cells: number[];
  nodes: number;
  /** Null where the metric is alike with and without edges. */
  faithfulness: number | null;
}

/** One run of ACDC++. */
export interface Search extends Circuit {
  tau: number;
  /** `tau` over the difference between the groups. */
  share: number;
  tested: number;
  passes: number;
  seconds: number;
  /** Of every cell, NaN where there was no test: the metric without the edge less with it. */
  effects: Float32Array;
}

/** What EAP-IG's scores choose. */
interface GreedyCircuits {
  /** The experiment that made the scores. */
  scored: { experiment: string };
  scores: EdgeScores;
  /** Ascending: the curve's and those in between. */
  sizes: Sizes;
  cpr: number | null;
  cmd: number | null;
  /** Edges that were asked for; the circuit leaves out those that lead nowhere. */
  asked: number;
  circuit: Circuit;
  bootstrap: ResultJson['bootstrap'];
  /** Mean metric of clean prompts less that of corrupted ones. */
  contrast: number;
}

/** What ACDC++ leaves. */
interface SearchedCircuits {
  /** Edges that it tests: the strongest by EAP-IG, and what they do by themselves. */
  pruned: Sizes[number];
  /** As many as were needed, the last one faithful where any is. */
  searches: Search[];
}

export interface FoundCircuits extends GreedyCircuits, SearchedCircuits {
  given: StudyGiven;
  /** Pairs that the experiments of this study ran on. */
  pairs: number;
  edges: number;
}

export async function findCircuits({ given, step }: StudyRun): Promise<FoundCircuits> {
  const { edgeCount: edges } = buildGraph(given.config, 'expanded');
  const { pairs, few } = pairsFor(given, edges);
  const own: StudyRun['step'] = (name, spec) => step(name, { ...spec, ...few });
  const greedy = await greedyCircuits(own, pairs);
  const searched = await searchedCircuits(own, { ...greedy, edges });
  return { given, pairs, edges, ...greedy, ...searched };
}

/** All pairs, or on a large graph some that are spread over them. */
function pairsFor({ dataSet }: StudyGiven, edges: number): { pairs: number; few: { pairs?: PairSpec[] } } {
  const all = dataSet.pairs;
  if (edges <= LARGE_GRAPH || all.length <= FEW_PAIRS) return { pairs: all.length, few: {} };
  const chosen = Array.from({ length: FEW_PAIRS }, (_, at) => all[Math.floor((at * all.length) / FEW_PAIRS)]!);
  return { pairs: FEW_PAIRS, few: { pairs: chosen.map(pairSpecOf) } };
}

async function greedyCircuits(step: StudyRun['step'], pairs: number): Promise<GreedyCircuits> {
  const made = await step('scores', { kind: 'attribution', options: { method: 'eap-ig' } });
  const scored = { experiment: made.experiment };
  const curve = await step('curve', { kind: 'circuit-evaluation', options: { scores: scored } });
  const { sizes, size: asked } = await smallest(curve, (between) =>
    step('refine', { kind: 'circuit-evaluation', options: { scores: scored, sizes: between } }),
  );
  const chosen = await step('circuit', { kind: 'circuit-discovery', options: { n: asked, scores: scored } });
  const resampled = pairs < 2 ? undefined : await step('bootstrap', bootstrapSpec(asked));
  const { cpr = null, cmd = null } = curve.result;
  return {
    ...{ scored, sizes, cpr, cmd, asked, bootstrap: resampled?.result.bootstrap },
    scores: await edgeScores(made),
    circuit: await circuitOf(chosen),
    contrast: await contrastOf(curve),
  };
}

/** The smallest size whose circuit is faithful, of the curve's and of some below the first of these that is. */
async function smallest(
  curve: StudyFinding,
  evaluate: (sizes: number[]) => Promise<StudyFinding>,
): Promise<{ sizes: Sizes; size: number }> {
  const coarse = curve.result.sizes!;
  // All edges are the model itself.
  const at = coarse.findIndex(isFaithful);
  const first = coarse[at] ?? coarse.at(-1)!;
  const between = sizesBetween(coarse[at - 1]?.edges ?? 0, first.edges);
  if (between.length === 0) return { sizes: coarse, size: first.edges };
  const fine = (await evaluate(between)).result.sizes!;
  const sizes = [...coarse, ...fine].sort((a, b) => a.edges - b.edges);
  return { sizes, size: (fine.find(isFaithful) ?? first).edges };
}

export function isFaithful({ faithfulness }: { faithfulness: number | null }): boolean {
  return faithfulness !== null && faithfulness >= FAITHFUL;
}

/** Whole numbers between two others, evenly spread, not more than `REFINED`. */
function sizesBetween(below: number, above: number): number[] {
  const count = Math.min(REFINED, above - below - 1);
  return Array.from({ length: count }, (_, at) => below + Math.round(((at + 1) * (above - below)) / (count + 1)));
}

function bootstrapSpec(size: number): StepSpec {
  const bootstrapTop = Math.min(size, MOST_COMPARED);
  return { kind: 'attribution', options: { method: 'eap-ig', bootstrap: RESAMPLES, bootstrapTop } };
}

async function contrastOf({ array }: StudyFinding): Promise<number> {
  const [clean, corrupted] = await Promise.all([array('baseline.clean'), array('baseline.corrupted')]);
  return meanAndDeviation(clean.values).mean - meanAndDeviation(corrupted.values).mean;
}

/** Pruned by the scores of EAP-IG, not of EAP as ACDC++ was published: as many edges of these do more of what the model does. */
async function searchedCircuits(
  step: StudyRun['step'],
  { scored: scores, contrast, edges }: Pick<GreedyCircuits, 'scored' | 'contrast'> & { edges: number },
): Promise<SearchedCircuits> {
  const pruned = prunedCircuit(await step('prune', pruneSpec(scores, edges)));
  const searches: Search[] = [];
  const shares = edges <= LARGE_GRAPH ? TAU_SHARES : TAU_SHARES.slice(0, FEW_TAUS);
  for (const [at, share] of shares.entries()) {
    const tau = share * Math.abs(contrast);
    const options = { method: 'acdc++', tau, pruneTo: pruned.edges, scores };
    const left = await step(`acdcpp-${at + 1}`, { kind: 'circuit-discovery', options });
    searches.push(await searchOf(left, { tau, share }));
    if (isFaithful(searches.at(-1)!)) break;
  }
  return { pruned, searches };
}

/** Numbers of edges up to the most that are tested, and to all that there are. */
function pruneSpec(scores: { experiment: string }, edges: number): StepSpec {
  const most = Math.min(edges, PRUNED_SIZES.at(-1)!);
  const sizes = [...PRUNED_SIZES.filter((size) => size < most), most];
  return { kind: 'circuit-evaluation', options: { scores, select: 'top-n', sizes } };
}

function prunedCircuit({ result }: StudyFinding): Sizes[number] {
  const sizes = result.sizes!;
  return sizes.find(({ faithfulness }) => faithfulness >= PRUNED_FAITHFUL) ?? sizes.at(-1)!;
}

async function searchOf(finding: StudyFinding, { tau, share }: { tau: number; share: number }): Promise<Search> {
  const { circuit, record } = finding.result;
  const { tested = 0, passes = 0 } = circuit!;
  const effects = (await finding.array('effects')).values;
  return { ...(await circuitOf(finding)), tau, share, tested, passes, seconds: record.seconds.run, effects };
}

async function circuitOf({ result, array }: StudyFinding): Promise<Circuit> {
  const { nodes, faithfulness } = result.circuit!;
  const { values } = await array('in_circuit');
  return { cells: Array.from(values.keys()).filter((cell) => values[cell] === 1), nodes, faithfulness };
}

/** The last search, which is faithful where any is. */
export function lastSearch({ searches }: FoundCircuits): Search {
  return searches.at(-1)!;
}
