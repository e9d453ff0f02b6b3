/**
 * Which heads a scan chooses, by their refusal scores, and which random ones they are compared with. Follows from the merged
 * arrays of the first round and the spec alone, so that every shard of a later round chooses alike. No tensors here.
 */
import { DemurError, randomStream, type ModelConfig } from '@demur/model';
import { mean } from '../correlation.ts';
import { layersOf } from '../direction/layers.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { NamedArray } from '../named-array.ts';

export type HeadScanSpec = SpecOf<'head-scan'>;

export interface Head {
  layer: number;
  head: number;
}

/** A chosen head. */
export interface ScoredHead extends Head {
  name: string;
  score: number;
}

/** Of the heads whose scores are over it, unless the spec says more: the threshold of the published head scans of refusal. */
const DEFAULT_THRESHOLD = 0.005;

/** How many random sets stand beside the chosen one. */
export const RANDOM_SETS = 8;

/** Means of the metric closer than this part of the larger one differ by no more than float32's rounding. */
const LEAST_DIFFERENCE = 1e-6;

/** Pairs whose metric is, on average, the same for both prompts: effects have nothing to be a share of. */
export class NoDifferenceError extends DemurError {
  constructor(clean: number, corrupted: number) {
    super(
      'NO_DIFFERENCE',
      `the metric's mean is ${clean} over the clean prompts and ${corrupted} over the corrupted ones, so no head's effect is a share of the difference; give pairs whose prompts the metric tells apart`,
      { path: 'pairs' },
    );
  }
}

export type Arrays = Record<string, NamedArray>;

/** Means of the metric, from which refusal scores are made: (m − destination) / (source − destination). */
export interface ScoreScale {
  clean: number;
  corrupted: number;
  source: number;
  destination: number;
}

/** @throws NoDifferenceError */
export function scoreScale({ options }: Pick<HeadScanSpec, 'options'>, arrays: Arrays): ScoreScale {
  const [clean, corrupted] = [mean(arrays['baseline.clean']!.values), mean(arrays['baseline.corrupted']!.values)];
  const least = LEAST_DIFFERENCE * Math.max(Math.abs(clean), Math.abs(corrupted));
  if (Math.abs(clean - corrupted) <= least) throw new NoDifferenceError(clean, corrupted);
  return options.direction === 'denoising'
    ? { clean, corrupted, source: clean, destination: corrupted }
    : { clean, corrupted, source: corrupted, destination: clean };
}

/**
 * Refusal scores from patched metrics `patched` [layer, head, pair]: of each pair on the scale of the means, [layer, head,
 * pair], and their means over pairs, [layer, head].
 */
export function headScores(spec: HeadScanSpec, arrays: Arrays): { scores: NamedArray; byPair: NamedArray } {
  const { source, destination } = scoreScale(spec, arrays);
  const own = arrays[spec.options.direction === 'denoising' ? 'baseline.corrupted' : 'baseline.clean']!.values;
  const { shape, values } = arrays['patched']!;
  const pairs = own.length;
  const byPair = values.map((value, at) => (value - own[at % pairs]!) / (source - destination));
  const scores = Float32Array.from({ length: values.length / pairs }, (_, head) =>
    mean(byPair.subarray(head * pairs, (head + 1) * pairs)),
  );
  return { scores: { shape: shape.slice(0, 2), values: scores }, byPair: { shape, values: byPair } };
}

/** The heads of the asked layers by their scores, strongest first. */
function rankedHeads({ options }: HeadScanSpec, { shape, values }: NamedArray): ScoredHead[] {
  const [nLayers, nHeads] = shape as [number, number];
  return layersOf(options, { nLayers })
    .flatMap((layer) => headsOf(layer, nHeads))
    .map(({ layer, head }) => ({ name: headName({ layer, head }), layer, head, score: values[layer * nHeads + head]! }))
    .sort((a, b) => b.score - a.score || a.layer - b.layer || a.head - b.head);
}

/** As graphs call it: a5.h3. */
export function headName({ layer, head }: Head): string {
  return `a${layer}.h${head}`;
}

function headsOf(layer: number, nHeads: number): Head[] {
  return Array.from({ length: nHeads }, (_, head) => ({ layer, head }));
}

/** The chosen heads, strongest first, and where there are none, why. @throws NoDifferenceError */
export function chosenHeads(spec: HeadScanSpec, arrays: Arrays): { heads: ScoredHead[]; none?: string } {
  const ranked = rankedHeads(spec, headScores(spec, arrays).scores);
  const { top, threshold = DEFAULT_THRESHOLD } = spec.options;
  const heads = top === undefined ? ranked.filter(({ score }) => score > threshold) : ranked.slice(0, top);
  const [strongest] = ranked as [ScoredHead];
  const none = `no head's score is over ${threshold}; the strongest is ${strongest.name} with ${strongest.score}`;
  return heads.length > 0 ? { heads } : { heads, none };
}

/**
 * Different random sets of heads that are not chosen, of each layer as many as are chosen of it, or all others where those are
 * fewer. None where every head of the layers is chosen.
 */
export function randomSets(
  { seed = 0 }: Pick<HeadScanSpec, 'seed'>,
  chosen: readonly Head[],
  { nHeads }: Pick<ModelConfig, 'nHeads'>,
): Head[][] {
  const names = new Set(chosen.map(headName));
  const layers = [...Map.groupBy(chosen, ({ layer }) => layer)].sort(([a], [b]) => a - b);
  const sets = Array.from({ length: RANDOM_SETS }, (_, stream) => {
    const random = randomStream(seed, stream);
    return layers.flatMap(([layer, { length }]) => {
      const others = headsOf(layer, nHeads).filter((head) => !names.has(headName(head)));
      return drawn(others, length, random).sort((a, b) => a.head - b.head);
    });
  });
  const distinct = new Map(sets.map((set) => [set.map(headName).join(), set]));
  distinct.delete('');
  return [...distinct.values()];
}

/** `count` of the list, each as likely as any other. */
function drawn<T>(list: readonly T[], count: number, random: () => number): T[] {
  const left = [...list];
  return Array.from(
    { length: Math.min(count, list.length) },
    () => left.splice(Math.floor(random() * left.length), 1)[0]!,
  );
}
