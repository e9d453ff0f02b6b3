/** Pairs for tiny models, of every kind that a block of pairs can have; and what running a shard of them takes. */
import type { ModelConfig } from '@demur/model';
import type { ResolvedPair, Shard, ShardOptions } from '../../libs/interp/src/shard.ts';
import { pairBlocks, type PairBlock } from '../../libs/interp/src/suffix/pair-block.ts';

/** Roles of one token and of several, next to each other, apart, and before the first difference. */
export function tinyPair(clean: number[], corrupted: number[], roles: Record<string, number[]> = {}): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference, roles };
}

/**
 * In blocks: two of a shared beginning, two of different beginnings, one that differs from the start, one that is shorter.
 */
export const tinyPairs: readonly ResolvedPair[] = [
  tinyPair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1], { object: [4], apart: [4, 6] }),
  tinyPair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 17, 24, 41, 9, 1], { object: [3, 4, 5], apart: [1, 3, 5] }),
  tinyPair([30, 8, 15, 16, 23, 42, 9, 2], [30, 8, 15, 16, 22, 42, 10, 2], { object: [4], apart: [4, 6] }),
  tinyPair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1], { object: [1], apart: [0, 4] }),
  tinyPair([5, 6, 7, 8, 9, 10, 11, 12], [6, 6, 7, 8, 9, 10, 11, 12], { object: [0, 1], apart: [0, 2] }),
  tinyPair([4, 8, 15, 20, 24, 33, 7, 1], [4, 8, 15, 21, 24, 34, 7, 2], { object: [3, 4, 5], apart: [1, 3, 5] }),
];

/** Tokens of the longest of them. */
export const tinyColumns = 8;

/** The block of the two that share their beginning. */
export function tinyBlock(): PairBlock {
  return pairBlocks([tinyPairs[1]!, tinyPairs[5]!].map((pair, place) => ({ place, pair })))[0]!;
}

/** A shard of some pairs, which stand in the spec in that order. */
export function shardOf(pairs: readonly ResolvedPair[]): Shard {
  return {
    index: 0,
    pairs: pairs.map((pair, index) => ({ index, pair })),
    columns: tinyColumns,
    pairCount: pairs.length,
  };
}

/** A run that nobody cancels or watches. */
export const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

/** Norms of queries and keys, a window, and rotations that depend on the length of the whole prompt; for `randomModel`. */
export const stretched: Partial<ModelConfig> = {
  attention: { scale: 0.4, softcap: null, windows: [null, 4, null], qkNorm: true },
  positions: { kind: 'rotary', theta: 1000, scaling: { kind: 'dynamic', factor: 2, originalContext: 4 } },
};
