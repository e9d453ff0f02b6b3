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
export const TAU_SHARES = [0.02, 0.01, 0.005, 0.0025] as const;

/** ACDC++ tests so many times the edges of EAP-IG's circuit, and not more than `MOST_TESTED`. */
const TESTED_TIMES = 3;
const MOST_TESTED = 1000;

/** Graphs of more edges than this are searched on `FEW_PAIRS` of the pairs: a test there is a pass of seconds. */
const LARGE_GRAPH = 20_000;
const FEW_PAIRS = 16;

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

export interface FoundCircuits {
  given: StudyGiven;
  /** Pairs that the experiments of this study ran on. */
  pairs: number;
  edges: number;
  scores: EdgeScores;
  /** Of EAP-IG, ascending: the curve's and those in between. */
  sizes: Sizes;
  cpr: number | null;
  cmd: number | null;
  /** Edges that were asked for; the circuit leaves out those that lead nowhere. */
  asked: number;
  circuit: Circuit;
  bootstrap: ResultJson['bootstrap'];
  contrast: number;
  pruneTo: number;
  /** As many as were needed, the last one faithful where any is. */
  searches: Search[];
}

export async function findCircuits({ given, step }: StudyRun): Promise<FoundCircuits> {
  const { edgeCount: edges } = buildGraph(given.config, 'expanded');
  const { pairs, few } = pairsFor(given, edges);
  const own = (name: string, spec: StepSpec): Promise<StudyFinding> => step(name, { ...spec, ...few });
  const made = await own('scores', { kind: 'attribution', options: { method: 'eap-ig' } });
  const scores = { experiment: made.experiment };
  const curve = await own('curve', { kind: 'circuit-evaluation', options: { scores } });
  const { sizes, size: asked } = await smallest(curve, (between) =>
    own('refine', { kind: 'circuit-evaluation', options: { scores, sizes: between } }),
  );
  const greedy = await own('circuit', { kind: 'circuit-discovery', options: { n: asked, scores } });
  const resampled = pairs < 2 ? undefined : await own('bootstrap', bootstrapSpec(asked));
  const contrast = await contrastOf(curve);
  const pruneTo = Math.min(TESTED_TIMES * asked, MOST_TESTED, edges);
  const searches = await searchAll(own, { contrast, pruneTo });
  const { cpr = null, cmd = null } = curve.result;
  return {
    ...{ given, pairs, edges, sizes, cpr, cmd, asked, contrast, pruneTo, searches },
    scores: await edgeScores(made),
    circuit: await circuitOf(greedy),
    bootstrap: resampled?.result.bootstrap,
  };
}

/** All pairs, or on a large graph some that are spread over them. */
function pairsFor({ dataSet }: StudyGiven, edges: number): { pairs: number; few: { pairs?: PairSpec[] } } {
  const all = dataSet.pairs;
  if (edges <= LARGE_GRAPH || all.length <= FEW_PAIRS) return { pairs: all.length, few: {} };
  const chosen = Array.from({ length: FEW_PAIRS }, (_, at) => all[Math.floor((at * all.length) / FEW_PAIRS)]!);
  return { pairs: FEW_PAIRS, few: { pairs: chosen.map(pairSpecOf) } };
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

/** Threshold after threshold, the largest first, until a circuit is faithful. */
async function searchAll(
  step: StudyRun['step'],
  { contrast, pruneTo }: { contrast: number; pruneTo: number },
): Promise<Search[]> {
  const searches: Search[] = [];
  for (const [at, share] of TAU_SHARES.entries()) {
    const tau = share * Math.abs(contrast);
    const finding = await step(`acdcpp-${at + 1}`, {
      kind: 'circuit-discovery',
      options: { method: 'acdc++', tau, pruneTo },
    });
    searches.push(await searchOf(finding, { tau, share }));
    if (isFaithful(searches.at(-1)!)) break;
  }
  return searches;
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
