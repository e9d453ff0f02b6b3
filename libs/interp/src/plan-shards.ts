/** Cuts a data set into shards. The plan depends on the pairs alone, so that results do not depend on the workers. */
import type { ResolvedPair } from './dataset/resolved-pair.ts';
import type { Shard } from './shard.ts';

/** Most pairs that one worker runs together: enough rows for large products, and memory for their cells. */
export const PAIRS_PER_SHARD = 8;

/** A small data set is still cut in two, so that a second core has work. */
const LEAST_SHARDS = 2;

/**
 * Blocks of near-equal size, in which pairs with the same beginning and similar lengths stand together.
 * @param pairsPerShard of a model that one worker runs alone; by default, what suits several.
 */
export function planShards(pairs: ResolvedPair[], pairsPerShard?: number): Shard[] {
  const order = pairs
    .map((pair, index) => ({ index, pair }))
    .sort((a, b) => compare(a.pair, b.pair) || a.index - b.index);
  const columns = Math.max(...pairs.map(({ clean }) => clean.length));
  const least = pairsPerShard === undefined ? Math.min(LEAST_SHARDS, pairs.length) : 1;
  const count = Math.max(Math.ceil(pairs.length / (pairsPerShard ?? PAIRS_PER_SHARD)), least);
  const start = (index: number) => Math.floor((index * pairs.length) / count);
  return Array.from({ length: count }, (_, index) => ({
    index,
    pairs: order.slice(start(index), start(index + 1)),
    columns,
    pairCount: pairs.length,
    start: start(index),
  }));
}

/** The pairs of a plan, in its order, as `count` shards of near-equal size; as many as there are pairs, where those are fewer. */
export function shardsTogether(shards: readonly Shard[], count: number): Shard[] {
  const pairs = shards.flatMap((shard) => shard.pairs);
  const members = Math.min(count, pairs.length);
  const start = (index: number) => Math.floor((index * pairs.length) / members);
  return Array.from({ length: members }, (_, index) => ({
    ...shards[0]!,
    ...{ index, pairs: pairs.slice(start(index), start(index + 1)), start: start(index) },
  }));
}

/** By the tokens that both prompts begin with, then by length; then by all else, so that the order does not depend on the spec's. */
function compare(a: ResolvedPair, b: ResolvedPair): number {
  const shared = Math.min(a.firstDifference, b.firstDifference);
  return (
    compareTokens(a.clean.slice(0, shared), b.clean.slice(0, shared)) ||
    a.firstDifference - b.firstDifference ||
    a.clean.length - b.clean.length ||
    compareTokens(a.clean, b.clean) ||
    compareTokens(a.corrupted, b.corrupted) ||
    a.answer - b.answer ||
    a.distractor - b.distractor
  );
}

/** The first difference of two lists of one length. */
function compareTokens(a: readonly number[], b: readonly number[]): number {
  for (const [at, token] of a.entries()) if (token !== b[at]) return token - (b[at] ?? 0);
  return 0;
}
