/** Shards' arrays to the experiment's: per-pair arrays in the spec's order, scores as the mean over all pairs. */
import { kindOf } from './kinds/index.ts';
import type { MergeRule } from './kinds/kind.ts';
import type { ExperimentKind } from './spec.ts';
import type { NamedArray, Shard, ShardArrays } from './shard.ts';

/** A shard with what it gave. */
export interface ShardResult {
  shard: Shard;
  arrays: ShardArrays;
}

/** The arrays of the whole experiment. Exact, and independent of the order in which shards were done. */
export function mergeShards(kind: ExperimentKind, results: ShardResult[]): Record<string, NamedArray> {
  const ordered = [...results].sort((a, b) => a.shard.index - b.shard.index);
  const names = new Set(ordered.flatMap(({ arrays }) => Object.keys(arrays)));
  return Object.fromEntries(
    [...names].map((name) => [name, mergeOne(kindOf({ kind }).mergeRule(name), name, ordered)]),
  );
}

function mergeOne(rule: MergeRule, name: string, results: ShardResult[]): NamedArray {
  if (rule === 'sum') return sumOf(results.flatMap(({ arrays }) => arrays[name] ?? []));
  const parts = results.map(({ shard, arrays }) => ({ shard, array: arrayOf(arrays, name) }));
  switch (rule) {
    case 'mean':
      return meanOverPairs(parts);
    case 'firstAxis':
      return placePairs(parts, 0);
    case 'secondAxis':
      return placePairs(parts, 1);
    case 'lastAxis':
      return placePairs(parts, (parts[0]?.array.shape.length ?? 1) - 1);
  }
}

interface Part {
  shard: Shard;
  array: NamedArray;
}

function arrayOf(arrays: ShardArrays, name: string): NamedArray {
  const array = arrays[name];
  if (array === undefined) throw new Error(`a shard gave no array "${name}"`);
  return array;
}

function sumOf(arrays: NamedArray[]): NamedArray {
  const [first, ...others] = arrays as [NamedArray, ...NamedArray[]];
  for (const { values } of others) for (let at = 0; at < values.length; at++) first.values[at]! += values[at]!;
  return first;
}

/** Sum of the shards' sums, in float64 and in shard order, divided by the number of pairs. */
function meanOverPairs(parts: Part[]): NamedArray {
  const shape = parts[0]?.array.shape ?? [];
  const sum = new Float64Array(size(shape));
  for (const { array } of parts) for (let at = 0; at < sum.length; at++) sum[at]! += array.values[at]!;
  const pairCount = parts[0]?.shard.pairCount ?? 1;
  return { shape, values: Float32Array.from(sum, (value) => value / pairCount) };
}

/** Puts each shard's slices along `axis` where the spec has their pairs. */
function placePairs(parts: Part[], axis: number): NamedArray {
  const { shape } = parts[0]!.array;
  const pairCount = parts[0]!.shard.pairCount;
  const whole = shape.with(axis, pairCount);
  const values = new Float32Array(size(whole));
  const inner = size(shape.slice(axis + 1));
  for (const { shard, array } of parts) {
    const indices = shard.pairs.map(({ index }) => index);
    for (let outer = 0; outer < size(shape.slice(0, axis)); outer++)
      for (const [at, index] of indices.entries()) {
        const from = (outer * indices.length + at) * inner;
        values.set(array.values.subarray(from, from + inner), (outer * pairCount + index) * inner);
      }
  }
  return { shape: whole, values };
}

function size(shape: number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
