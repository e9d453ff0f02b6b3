/**
 * Blocks of pairs that run together: all of one length, so that there is no padding to be right about, and of one first
 * difference, before which the clean and the corrupted run are the same; so how a pair's sums are grouped, and with that their
 * rounding, does not depend on the pairs beside it. No tensors here.
 */
import type { ResolvedPair } from '../dataset/resolved-pair.ts';

/** A pair and its place in the shard. */
export interface PlacedPair {
  place: number;
  pair: ResolvedPair;
}

export interface PairBlock {
  pairs: PlacedPair[];
  /** Tokens of each prompt. */
  length: number;
  /** P: columns before the first difference. */
  prefixLength: number;
  /** The prefix's tokens: one row when all pairs have the same, else a row a pair. */
  prefixes: number[][];
}

function samePrefix(pairs: readonly PlacedPair[], length: number): boolean {
  const first = pairs[0]?.pair.clean ?? [];
  return pairs.every(({ pair }) => pair.clean.slice(0, length).every((token, i) => token === first[i]));
}

function makeBlock(pairs: readonly PlacedPair[]): PairBlock {
  const { clean, firstDifference: prefixLength } = pairs[0]!.pair;
  const shared = samePrefix(pairs, prefixLength) ? pairs.slice(0, 1) : pairs;
  return {
    pairs: [...pairs],
    length: clean.length,
    prefixLength,
    prefixes: shared.map(({ pair }) => pair.clean.slice(0, prefixLength)),
  };
}

/** Pairs of one length and one first difference a block, in order of length; only pairs that are `alike` share one. */
export function pairBlocks(
  pairs: readonly PlacedPair[],
  alike: (pair: ResolvedPair) => string = () => '',
): PairBlock[] {
  const groups = Map.groupBy(pairs, ({ pair }) => `${pair.clean.length} ${pair.firstDifference} ${alike(pair)}`);
  return [...groups.values()].map(makeBlock).sort((a, b) => a.length - b.length);
}

/** The blocks of a shard's pairs, placed by their order in it. */
export function shardBlocks(
  { pairs }: { pairs: readonly { pair: ResolvedPair }[] },
  alike?: (pair: ResolvedPair) => string,
): PairBlock[] {
  return pairBlocks(
    pairs.map(({ pair }, place) => ({ place, pair })),
    alike,
  );
}

/** Columns from the first difference on: S. */
export function suffixLength(block: PairBlock): number {
  return block.length - block.prefixLength;
}
