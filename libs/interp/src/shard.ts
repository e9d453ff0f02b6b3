/** A shard: a block of pairs that one worker thread runs alone. Types only; `execute-shard.ts` runs one. */
import type { ResolvedPair } from './dataset/resolved-pair.ts';
import type { CancelToken } from './engine/cancel-token.ts';
import type { NamedArray } from './named-array.ts';
import type { Readings } from './readings.ts';

export type { ResolvedPair } from './dataset/resolved-pair.ts';
export type { CancelToken } from './engine/cancel-token.ts';
export type { NamedArray } from './named-array.ts';

export interface Shard {
  index: number;
  /** The shard's pairs, each with its index in the spec. */
  pairs: { index: number; pair: ResolvedPair }[];
  /** T: tokens of the longest prompt of the whole spec, so that every shard's arrays have the same columns. */
  columns: number;
  /** Pairs in the whole spec. */
  pairCount: number;
  /** The place of its first pair in the order of the whole plan; 0 unless said. */
  start?: number;
  /** Which of the kind's rounds this is; the first unless said. */
  round?: string;
  /** The merged arrays of the rounds before, and what was read from files. */
  given?: Record<string, NamedArray>;
  /** What this shard gave to `checkpoint` last, where an earlier run was stopped within it. */
  resume?: ShardArrays;
}

/**
 * A shard's results by name. Per-pair arrays have the shard's pairs on their pair axis; `scores` is the sum over the
 * shard's pairs of each pair's scores.
 */
export type ShardArrays = Record<string, NamedArray>;

export interface ShardOptions {
  cancel: CancelToken;
  onProgress(done: number, total: number): void;
  /**
   * Keeps what a long shard has found so far, so that one that is stopped goes on as `shard.resume`. The arrays are copied.
   * May be called often: it writes twice a second at most, and what is given in between is dropped.
   */
  checkpoint?(arrays: ShardArrays): void;
  /**
   * Of a round whose shards run together: gives this shard's values to all of them, and waits for theirs, by the shards'
   * order. All of them call it equally often. Rejects when another shard has ended without.
   */
  exchange?(values: Float32Array): Promise<Float32Array[]>;
}

/** What a method's shard function is given: the options, and how it reads tensors. */
export interface ShardWork extends Required<ShardOptions> {
  readings: Readings;
}
