/**
 * Both vectors over a sweep of scales, on pairs that did not find them where there are enough: added to harmless prompts to induce
 * refusal, taken from harmful ones to inhibit it, and projected out of those.
 */
import type { StudyFinding } from '../../study.ts';
import { meanAndDeviation } from '../../mean-and-deviation.ts';
import { counted, number, percent } from '../../wording.ts';
import type { Replication } from './replication.ts';
import type { SteeringVector } from './steering-vectors.ts';

/** With the 26 of the replication, so that it can be told from what is more. */
export const SCALES = [0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 16, 26, 64];

/** The part of the prompts that can flip which tells of a scale that it works. */
export const HALF = 0.5;

export type Way = 'induce' | 'inhibit';

/** Which prompts, with which sign, and what is asked of the metric: above 0 the refusing token is the likelier one. */
const WAYS: Record<Way, { run: 'corrupted' | 'clean'; sign: 1 | -1; prompts: string; act: string; plainly: string }> = {
  induce: { run: 'corrupted', sign: 1, prompts: 'harmless prompts', act: 'added to', plainly: 'complies with' },
  inhibit: { run: 'clean', sign: -1, prompts: 'harmful prompts', act: 'taken from', plainly: 'refuses' },
};

export interface SweptScale {
  scale: number;
  /** Share of the prompts that can flip; null where none can. */
  flipped: number | null;
  /** Mean over all prompts. */
  metric: number;
  /** Mean KL divergence of the next token from the plain run, in nats. */
  kl: number;
}

export interface SteeringSweep {
  vector: SteeringVector;
  way: Way;
  /** Prompts that are on the side they are to be flipped from when nothing is done, of `prompts`. */
  flippable: number;
  prompts: number;
  /** Mean metric with nothing done. */
  plain: number;
  rows: SweptScale[];
}

/** The sweep of a vector in one way. */
export async function sweepScales(
  { step, halves }: Replication,
  vector: SteeringVector,
  way: Way,
): Promise<SteeringSweep> {
  const options = steeringOptions(vector, way, SCALES);
  const finding = await step(`${vector.name}-${way}`, { kind: 'steering', pairs: halves.testing, options });
  return sweepOf(finding, { vector, way, scales: SCALES });
}

/** Of a steering experiment: the vector at its layer, with the sign of its way. */
export function steeringOptions({ direction }: SteeringVector, way: Way, scales: readonly number[]) {
  const { run, sign } = WAYS[way];
  return { direction, layers: [direction.layer], run, coefficients: scales.map((scale) => sign * scale) };
}

/** Projecting the vector out of what every layer reads and adds: one row, at the scale 1. */
export async function ablate({ step, halves }: Replication, vector: SteeringVector): Promise<SteeringSweep> {
  const finding = await step(`${vector.name}-ablate`, {
    kind: 'steering',
    pairs: halves.testing,
    options: { direction: vector.direction, mode: 'ablate', layers: 'all', run: 'clean' },
  });
  return sweepOf(finding, { vector, way: 'inhibit', scales: [1] });
}

async function sweepOf(
  { array }: StudyFinding,
  { vector, way, scales }: Pick<SteeringSweep, 'vector' | 'way'> & { scales: readonly number[] },
): Promise<SteeringSweep> {
  const baseline = await array(`baseline.${WAYS[way].run}`);
  const [metric, kl, plain] = [(await array('metric')).values, (await array('kl')).values, baseline.values];
  const refuses = (value: number): boolean => value > 0;
  const from = way === 'inhibit';
  const isFlippable = Array.from(plain, (value) => refuses(value) === from);
  const flippable = isFlippable.filter(Boolean).length;
  const rows = scales.map((scale, c): SweptScale => {
    const ofScale = (values: Float32Array) => values.subarray(c * plain.length, (c + 1) * plain.length);
    const own = ofScale(metric);
    const flipped = own.filter((value, pair) => isFlippable[pair]! && refuses(value) !== from).length;
    return {
      scale,
      flipped: flippable === 0 ? null : flipped / flippable,
      metric: meanAndDeviation(own).mean,
      kl: meanAndDeviation(ofScale(kl)).mean,
    };
  });
  return { vector, way, flippable, prompts: plain.length, plain: meanAndDeviation(plain).mean, rows };
}

/** The smallest tried scale that flips this share; undefined where none does. */
export function smallestScale({ rows }: SteeringSweep, share: number): SweptScale | undefined {
  return rows.find(({ flipped }) => flipped !== null && flipped >= share);
}

/** The scale that flips most, the smallest of equals. */
export function mostFlipping({ rows }: SteeringSweep): SweptScale {
  return rows.reduce((best, row) => ((row.flipped ?? 0) > (best.flipped ?? 0) ? row : best));
}

/** What a sweep shows, as a sentence. */
export function sweepSentence(sweep: SteeringSweep): string {
  const { prompts, act, plainly } = WAYS[sweep.way];
  const begins = `With ${sweep.vector.words} ${act} ${prompts}`;
  if (sweep.flippable === 0)
    return `${begins} there is nothing to flip: the model ${plainly} none of ${sweep.prompts}. The mean metric goes from ${number(sweep.plain)} to ${number(sweep.rows.at(-1)!.metric)} at a scale of ${sweep.rows.at(-1)!.scale}.`;
  const of = `of the ${counted(sweep.flippable, 'prompt')} that the model ${plainly} (of ${sweep.prompts})`;
  const [half, most] = [smallestScale(sweep, HALF), smallestScale(sweep, 0.9)];
  if (half === undefined) {
    const best = mostFlipping(sweep);
    return `${begins}, no tried scale up to ${sweep.rows.at(-1)!.scale} flips half ${of}; the most is ${percent(best.flipped!)}, at ${best.scale} (KL divergence ${number(best.kl)} nats).`;
  }
  const further =
    most === undefined
      ? 'none flips 90 %'
      : most === half
        ? 'the same flips 90 %'
        : `90 % flip at ${most.scale} (KL ${number(most.kl)})`;
  return `${begins}, the smallest tried scale that flips half ${of} is ${half.scale}: ${percent(half.flipped!)}, at a KL divergence of ${number(half.kl)} nats; ${further}.`;
}

/** What projecting out shows, as a sentence. */
export function ablationSentence(sweep: SteeringSweep): string {
  const [row] = sweep.rows as [SweptScale];
  const begins = `With ${sweep.vector.words} projected out everywhere, the mean metric of harmful prompts goes from ${number(sweep.plain)} to ${number(row.metric)}`;
  const flips =
    row.flipped === null
      ? 'none was refused before'
      : `${percent(row.flipped)} of the ${sweep.flippable} that were refused are not any more`;
  return `${begins}; ${flips} (KL divergence ${number(row.kl)} nats).`;
}
