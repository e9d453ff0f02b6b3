/**
 * Blocks of pairs that run together: all of one length, so that there is no padding to be right about, and sharing the
 * columns before their first difference, where the clean and the corrupted run are the same. No tensors here.
 */
import type { ResolvedPair } from '../dataset/resolved-pair.ts';

/** A pair and its place in the shard. */
export interface PlacedPair {
  place: number;
  pair: ResolvedPair;
}

export interface PairBlock {
  /** By first difference, earliest first: the pairs that differ at or before a column are the first ones. */
  pairs: PlacedPair[];
  /** Tokens of each prompt. */
  length: number;
  /** P: columns that no pair of the block differs in. */
  prefixLength: number;
  /** The prefix's tokens: one row when all pairs have the same, else a row a pair. */
  prefixes: number[][];
}

function samePrefix(pairs: readonly PlacedPair[], length: number): boolean {
  const first = pairs[0]?.pair.clean ?? [];
  return pairs.every(({ pair }) => pair.clean.slice(0, length).every((token, i) => token === first[i]));
}

function makeBlock(pairs: readonly PlacedPair[]): PairBlock {
  const sorted = pairs.toSorted((a, b) => a.pair.firstDifference - b.pair.firstDifference || a.place - b.place);
  const prefixLength = sorted[0]?.pair.firstDifference ?? 0;
  const shared = samePrefix(sorted, prefixLength) ? sorted.slice(0, 1) : sorted;
  return {
    pairs: sorted,
    length: sorted[0]?.pair.clean.length ?? 0,
    prefixLength,
    prefixes: shared.map(({ pair }) => pair.clean.slice(0, prefixLength)),
  };
}

/** Pairs of one length a block, in order of length; only pairs that are `alike` share one. */
export function pairBlocks(
  pairs: readonly PlacedPair[],
  alike: (pair: ResolvedPair) => string = () => '',
): PairBlock[] {
  const groups = Map.groupBy(pairs, ({ pair }) => `${pair.clean.length} ${alike(pair)}`);
  return [...groups.values()].map(makeBlock).sort((a, b) => a.length - b.length);
}

/** Columns from the first difference on: S. */
export function suffixLength(block: PairBlock): number {
  return block.length - block.prefixLength;
}

/** How many pairs of a block differ at or before suffix position `position`: those for which a patch there can matter. */
export function pairsDifferingBy(block: PairBlock, position: number): number {
  const column = block.prefixLength + position;
  return block.pairs.filter(({ pair }) => pair.firstDifference <= column).length;
}
