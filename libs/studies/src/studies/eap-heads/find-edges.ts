/** The experiments of the study of edges, and their numbers side by side. Not what is said of them. */
import { buildGraph, pearson, spearman, type ResultJson } from '@demur/interp';
import { randomStream } from '@demur/model';
import { edgeNames, edgeScores, type EdgeScores } from '../../edge-scores.ts';
import type { StudyGiven, StudyRun } from '../../study.ts';

/** Resamples of the pairs. */
const RESAMPLES = 200;

/** Of EAP's strongest edges, of EAP-IG's, and of random others, as many are patched exactly. */
const CHECKED = 40;

/** Llama-2-7B's graph has as many edges. */
export const LLAMA_2_7B = { nLayers: 32, nHeads: 32, nKvHeads: 32 };

/** Edges with what patching each of them does, in the order of `cells`. */
export interface ExactEffects {
  cells: Uint32Array;
  effects: Float32Array;
}

/** How an estimate agrees with exact effects; correlations are null where a list is constant. */
export interface Agreement {
  pearson: number | null;
  spearman: number | null;
  /** Part of the edges whose score and effect have the same sign. */
  signs: number;
}

export interface FoundEdges {
  given: StudyGiven;
  /** Mean metric of clean prompts less that of corrupted ones. */
  contrast: number;
  pairs: number;
  llamaEdges: number;
  eap: EdgeScores;
  eapIg: EdgeScores;
  /** Undefined of a single pair, of which there are no resamples. */
  bootstrap: ResultJson['bootstrap'];
  record: ResultJson['record'];
  exact: ExactEffects;
}

export async function findEdges({ given, refusal, step }: StudyRun): Promise<FoundEdges> {
  const pairs = given.dataSet.pairs.length;
  const bootstrap = pairs > 1 ? RESAMPLES : 0;
  const found = await step('eap', { kind: 'attribution', options: { method: 'eap', bootstrap } });
  const eap = await edgeScores(found);
  const eapIg = await edgeScores(await step('eap-ig', { kind: 'attribution', options: { method: 'eap-ig' } }));
  const cells = checkedCells(eap, eapIg, given.seed);
  const exact = await step('exact', { kind: 'edge-patching', options: { edges: edgeNames(eap, cells) } });
  return {
    ...{ given, pairs, eap, eapIg, contrast: refusal.clean.mean - refusal.corrupted.mean },
    ...{ bootstrap: found.result.bootstrap, record: found.result.record },
    llamaEdges: buildGraph(LLAMA_2_7B, 'expanded').edgeCount,
    exact: { cells, effects: (await exact.array('effects')).values },
  };
}

/** The strongest edges of both estimates, then random others. */
function checkedCells(eap: EdgeScores, eapIg: EdgeScores, seed: number): Uint32Array {
  const strongest = new Set([...eap.order.subarray(0, CHECKED), ...eapIg.order.subarray(0, CHECKED)]);
  const others = eap.cells.filter((cell) => !strongest.has(cell));
  const random = randomStream(seed, 0);
  const drawn = Math.min(CHECKED, others.length);
  for (let at = 0; at < drawn; at++) {
    const other = at + Math.floor(random() * (others.length - at));
    [others[at], others[other]] = [others[other]!, others[at]!];
  }
  return Uint32Array.from([...strongest, ...others.subarray(0, drawn)]);
}

/** How the scores of the patched edges agree with what patching does. */
export function agreement({ scores }: EdgeScores, { cells, effects }: ExactEffects): Agreement {
  const own = Float32Array.from(cells, (cell) => scores[cell]!);
  const same = own.reduce((sum, score, at) => sum + (Math.sign(score) === Math.sign(effects[at]!) ? 1 : 0), 0);
  return { pearson: pearson(own, effects), spearman: spearman(own, effects), signs: same / own.length };
}

/** Of each sender the summed |score| of the edges out of it. */
export function sentStrengths({ senders, receivers, cells, scores }: EdgeScores): Float64Array {
  const sums = new Float64Array(senders.length);
  for (const cell of cells) sums[Math.floor(cell / receivers.length)]! += Math.abs(scores[cell]!);
  return sums;
}
