/** What the merged arrays of a head scan become: refusal scores, the chosen heads, and how they do together. No tensors. */
import { mean } from '../correlation.ts';
import type { SummaryContext } from '../kinds/kind.ts';
import { summariseSweep } from '../steering/summarise-sweep.ts';
import type { SweepRow } from '../steering/summarise-sweep.ts';
import { chosenHeads, headName, headScores, randomSets, scoreScale } from './chosen-heads.ts';
import type { Arrays, HeadScanSpec, ScoredHead } from './chosen-heads.ts';
import { STEERED, steeredLayer, steeringSpec } from './part-specs.ts';
import type { SteeredWay } from './part-specs.ts';

/** All heads of a set changed together, on the scale of the refusal score: 1 is the behaviour of the other prompts. */
interface JointScore {
  score: number;
  /** Of the random sets. */
  random: number[];
}

/** What the chosen heads do together. */
export interface HeadValidation {
  /** Why nothing was checked: no head was chosen. */
  none?: string;
  /** The heads of the random sets. */
  random?: string[][];
  /** Their z of the other prompts; `singles` is the sum of the scores of each alone. */
  patch?: JointScore & { singles: number };
  /** Their z in the clean prompts replaced by the corrupted runs' mean, and by zero; `metric` is the mean then. */
  ablate?: Record<'mean' | 'zero', JointScore & { metric: number }>;
  /** Their summed contribution added to `resid_pre` of a layer. */
  steer?: { layer: number } & Record<SteeredWay, Pick<SweepRow, 'coefficient' | 'metric' | 'flips' | 'kl'>[]>;
}

export interface HeadScanSummary {
  /** The chosen heads, strongest first. */
  heads: ScoredHead[];
  /** Without where the spec asks for no check. */
  validation?: HeadValidation;
}

/** Puts `head_scores` and `head_scores.pair` in place of `patched`, and takes out what only a round needed. */
export function summariseHeadScan(
  spec: HeadScanSpec,
  arrays: Arrays,
  context: SummaryContext<'head-scan'>,
): HeadScanSummary {
  const { heads, none } = chosenHeads(spec, arrays);
  const { scores, byPair } = headScores(spec, arrays);
  for (const name of ['patched', 'average.z', 'average.count']) delete arrays[name];
  Object.assign(arrays, { head_scores: scores, 'head_scores.pair': byPair });
  if (spec.options.validate.length === 0) return { heads };
  if (none !== undefined) return { heads, validation: { none } };
  const random = randomSets(spec, heads, context.config).map((set) => set.map(headName));
  const validation = {
    random,
    ...patchOf(spec, arrays, heads),
    ...ablateOf(spec, arrays),
    ...steerOf(spec, arrays, { heads, context }),
  };
  return { heads, validation };
}

/** The mean metric of each set, the chosen one first; undefined where that was not run. */
function setMeans(arrays: Arrays, name: string): [number, ...number[]] | undefined {
  const array = arrays[name];
  if (array === undefined) return undefined;
  const [sets, pairs] = array.shape as [number, number];
  const means = Array.from({ length: sets }, (_, set) => mean(array.values.subarray(set * pairs, (set + 1) * pairs)));
  return means as [number, ...number[]];
}

/** @param from the mean that scores 0, and the one that scores 1. */
function jointScore([chosen, ...random]: [number, ...number[]], from: number, to: number): JointScore {
  const score = (of: number): number => (of - from) / (to - from);
  return { score: score(chosen), random: random.map(score) };
}

function patchOf(spec: HeadScanSpec, arrays: Arrays, heads: readonly ScoredHead[]): Pick<HeadValidation, 'patch'> {
  const means = setMeans(arrays, 'validate.patch');
  if (means === undefined) return {};
  const { destination, source } = scoreScale(spec, arrays);
  const singles = heads.reduce((sum, { score }) => sum + score, 0);
  return { patch: { ...jointScore(means, destination, source), singles } };
}

function ablateOf(spec: HeadScanSpec, arrays: Arrays): Pick<HeadValidation, 'ablate'> {
  const { clean, corrupted } = scoreScale(spec, arrays);
  const [byMean, byZero] = ['mean', 'zero'].map((value) => {
    const means = setMeans(arrays, `validate.ablate.${value}`);
    return means && { ...jointScore(means, clean, corrupted), metric: means[0] };
  });
  return byMean && byZero ? { ablate: { mean: byMean, zero: byZero } } : {};
}

function steerOf(
  spec: HeadScanSpec,
  arrays: Arrays,
  { heads, context }: { heads: readonly ScoredHead[]; context: SummaryContext<'head-scan'> },
): Pick<HeadValidation, 'steer'> {
  const { config, tokenizer } = context;
  const direction = arrays['validate.direction']?.values;
  if (direction === undefined) return {};
  const rowsOf = (way: SteeredWay) => {
    const steering = steeringSpec(spec, { way, heads, direction, config });
    const own = { ...arrays, metric: arrays[`validate.steer.${way}`]!, kl: arrays[`validate.steer.${way}.kl`]! };
    const { sweep } = summariseSweep(steering, own, { shardSpec: steering, tokenizer });
    return sweep.map(({ coefficient, metric, flips, kl }) => ({ coefficient, metric, flips, kl }));
  };
  const [induce, inhibit] = STEERED.map(rowsOf);
  return { steer: { layer: steeredLayer(heads, config), induce: induce!, inhibit: inhibit! } };
}
