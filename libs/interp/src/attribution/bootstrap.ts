/**
 * How sure the scores are, from resampling the pairs with replacement (Efron 1979): an interval of every edge, how often an
 * edge is among the strongest, and how alike the resamples' strongest edges are. Arithmetic on the units' scores that the
 * shards kept: no further pass. No tensors here.
 *
 * A resample draws as many units as there are; its score of an edge is the mean over the pairs drawn. Draws depend on the
 * seed and the number of units alone, and units are in the plan's order, which does not depend on the spec's.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { randomStream } from '@demur/model';
import { CancelledError } from '../engine/errors.ts';
import { edgeCells } from '../formats/scored-circuit.ts';
import { strongest } from '../graph/score-order.ts';
import type { Graph } from '../graph/graph.ts';
import type { NamedArray } from '../named-array.ts';
import { pairsPerUnit } from './kept-scores.ts';
import { UNIT_PREFIX } from './score-sums.ts';

/** What result.json says of a bootstrap; the intervals are arrays. */
export interface BootstrapResult {
  resamples: number;
  seed: number;
  /** What was drawn: units of this many pairs each, the last one perhaps fewer. */
  units: number;
  pairsPerUnit: number;
  /** The strongest edges by |score|, up to as many as were asked for, with their share of the resamples' sets of as many. */
  top: { edge: string; score: number; low: number; high: number; frequency: number }[];
  /** Mean Jaccard index of the resamples' sets, over all pairs of (the first 1,000) resamples. */
  stability: number;
}

export interface BootstrapOptions {
  graph: Graph;
  pairCount: number;
  resamples: number;
  /** Edges in the sets of the strongest. */
  top: number;
  seed: number;
  signal?: AbortSignal | undefined;
}

/** Percentiles of the interval. */
const LOW = 0.025;
const HIGH = 0.975;

/** Sets that are compared with each other, at most. */
const COMPARED_SETS = 1000;

/** Milliseconds of arithmetic after which other work of the process has its turn. */
const TURN_MS = 20;

/**
 * Takes the units' scores out of the merged arrays, and puts `interval.low` and `interval.high` there: [senders, receivers],
 * zero where there is no edge. Throws `CancelledError` when the signal aborts.
 */
export async function takeBootstrap(
  arrays: Record<string, NamedArray>,
  options: BootstrapOptions,
): Promise<BootstrapResult> {
  const { graph, pairCount, resamples, seed } = options;
  const perUnit = pairsPerUnit(pairCount, graph.edgeCount);
  const units = Array.from({ length: Math.ceil(pairCount / perUnit) }, (_, unit) => taken(arrays, unit));
  const sizes = units.map((_, unit) => Math.min(perUnit, pairCount - unit * perUnit));
  const weights = drawWeights(sizes, options);
  const pause = turns(options.signal);
  const spread = await spreadOf(units, weights, pause);
  const cells = edgeCells(graph);
  for (const side of ['low', 'high'] as const) {
    const values = new Float32Array(graph.mask.length);
    for (const [edge, cell] of cells.entries()) values[cell] = spread[side][edge]!;
    arrays[`interval.${side}`] = { shape: [graph.senders.length, graph.receivers.length], values };
  }
  const scores = Float32Array.from(cells, (cell) => arrays['scores']!.values[cell]!);
  const selected = await strongestSets(units, weights, { spread, top: options.top, pause });
  const strongestEdges = strongest(scores, Uint32Array.from(cells.keys()), options.top);
  const top = Array.from(strongestEdges, (edge) => ({
    edge: nameOf(graph, cells[edge]!),
    ...{ score: scores[edge]!, low: spread.low[edge]!, high: spread.high[edge]! },
    frequency: (selected.counts.get(edge) ?? 0) / resamples,
  }));
  const stability = await meanJaccard(selected.sets.slice(0, COMPARED_SETS), pause);
  return { resamples, seed, units: units.length, pairsPerUnit: perUnit, top, stability };
}

function taken(arrays: Record<string, NamedArray>, unit: number): Float32Array {
  const name = `${UNIT_PREFIX}${unit}`;
  const array = arrays[name];
  if (array === undefined) throw new Error(`the shards gave no array "${name}"`);
  delete arrays[name];
  return array.values;
}

function nameOf({ senders, receivers }: Graph, cell: number): string {
  return `${senders[Math.floor(cell / receivers.length)]}->${receivers[cell % receivers.length]}`;
}

type Pause = () => Promise<void> | undefined;

/** Lets other work of the process run from time to time, and stops where the signal aborts. */
function turns(signal: AbortSignal | undefined): Pause {
  let since = performance.now();
  return () => {
    if (performance.now() - since < TURN_MS) return undefined;
    return nextTurn().then(() => {
      if (signal?.aborted) throw new CancelledError();
      since = performance.now();
    });
  };
}

/** Each resample's weight of each unit: how often it is drawn, over all pairs drawn. [resamples][units]. */
function drawWeights(sizes: readonly number[], { resamples, seed }: BootstrapOptions): Float64Array[] {
  return Array.from({ length: resamples }, (_, resample) => {
    const random = randomStream(seed, resample);
    const counts = new Float64Array(sizes.length);
    for (let draw = 0; draw < sizes.length; draw++) counts[Math.floor(random() * sizes.length)]! += 1;
    const pairs = counts.reduce((sum, count, unit) => sum + count * sizes[unit]!, 0);
    return counts.map((count) => count / pairs);
  });
}

/** Of every edge over the resamples: the interval, and the least and the most strength. */
interface Spread {
  low: Float32Array;
  high: Float32Array;
  weakest: Float32Array;
  strongest: Float32Array;
}

async function spreadOf(
  units: readonly Float32Array[],
  weights: readonly Float64Array[],
  pause: Pause,
): Promise<Spread> {
  const edges = units[0]!.length;
  const [low, high, weakest, strongest] = [0, 1, 2, 3].map(() => new Float32Array(edges)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const own = new Float64Array(units.length);
  const resampled = new Float32Array(weights.length);
  for (let edge = 0; edge < edges; edge++) {
    for (let unit = 0; unit < units.length; unit++) own[unit] = units[unit]![edge]!;
    let [least, most] = [Infinity, 0];
    for (let at = 0; at < weights.length; at++) {
      const score = dot(weights[at]!, own);
      resampled[at] = score;
      // As the sets see it, in float32.
      const strength = Math.abs(resampled[at]!);
      if (strength < least) least = strength;
      if (strength > most) most = strength;
    }
    resampled.sort();
    [low[edge], high[edge]] = [percentile(resampled, LOW), percentile(resampled, HIGH)];
    [weakest[edge], strongest[edge]] = [least, most];
    if (edge % 64 === 0) await pause();
  }
  return { low, high, weakest, strongest };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += a[at]! * b[at]!;
  return sum;
}

/** Of ascending values, between neighbours by linear interpolation, as numpy's percentile. */
function percentile(ascending: Float32Array, share: number): number {
  const place = share * (ascending.length - 1);
  const below = Math.floor(place);
  const [a, b] = [ascending[below]!, ascending[Math.min(below + 1, ascending.length - 1)]!];
  return a + (b - a) * (place - below);
}

/**
 * The strongest edges of each resample, and how often each edge is one of them. Only edges that can be are looked at: the
 * `top`-th largest of all edges' least strengths is at or below every resample's `top`-th largest strength.
 */
async function strongestSets(
  units: readonly Float32Array[],
  weights: readonly Float64Array[],
  { spread, top, pause }: { spread: Spread; top: number; pause: Pause },
): Promise<{ sets: Uint32Array[]; counts: Map<number, number> }> {
  const all = Uint32Array.from(spread.weakest.keys());
  const last = strongest(spread.weakest, all, top).at(-1)!;
  const candidates = all.filter((edge) => spread.strongest[edge]! >= spread.weakest[last]!);
  const own = units.map((unit) => Float64Array.from(candidates, (edge) => unit[edge]!));
  const places = Uint32Array.from(candidates.keys());
  const counts = new Map<number, number>();
  const sets: Uint32Array[] = [];
  for (const weight of weights) {
    const scores = new Float64Array(candidates.length);
    for (const [unit, values] of own.entries())
      if (weight[unit]! > 0) for (let at = 0; at < scores.length; at++) scores[at]! += weight[unit]! * values[at]!;
    const set = strongest(Float32Array.from(scores), places, top);
    for (const place of set) counts.set(candidates[place]!, (counts.get(candidates[place]!) ?? 0) + 1);
    sets.push(set);
    await pause();
  }
  return { sets, counts };
}

/** Mean over all pairs of sets of |a ∩ b| / |a ∪ b|; 1 for a single set. */
async function meanJaccard(sets: readonly Uint32Array[], pause: Pause): Promise<number> {
  const largest = sets.reduce((most, set) => set.reduce((a, b) => Math.max(a, b), most), 0);
  const isIn = new Uint8Array(largest + 1);
  let [sum, count] = [0, 0];
  for (const [at, set] of sets.entries()) {
    for (const member of set) isIn[member] = 1;
    for (let other = at + 1; other < sets.length; other++) {
      let shared = 0;
      for (const member of sets[other]!) shared += isIn[member]!;
      sum += shared / (set.length + sets[other]!.length - shared);
      count++;
    }
    for (const member of set) isIn[member] = 0;
    await pause();
  }
  return count === 0 ? 1 : sum / count;
}
