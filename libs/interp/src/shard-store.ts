/**
 * Where the shards of a run are kept until its result is written, so that a run that is stopped goes on where it was. Types
 * only: a folder keeps them in shard-folder.ts, the database in apps/api; what is kept, and when, is kept-shards.ts's part.
 */
import type { ShardOutcome } from './engine/protocol.ts';
import type { ShardArrays } from './shard.ts';

/** What one run of the program has spent on a shard; a shard that was stopped within has several. */
export interface Stint extends Omit<ShardOutcome, 'arrays'> {
  /** The start of that run, ISO 8601. */
  runStartedAt: string;
}

export interface KeptShard {
  /** The shard's own, or the last that it gave to `checkpoint`. */
  arrays: ShardArrays;
  isFinished: boolean;
  /** In the order of time. */
  stints: Stint[];
}

/** Which shard: of the run with this hash, counted through all rounds. */
export interface ShardKey {
  /** See run-key.ts. */
  run: string;
  place: number;
}

export interface ShardStore {
  /** Milliseconds of computing below which a run is not worth what keeping its shards costs. */
  readonly worthMs: number;
  /** The places of the shards that are kept of a run. */
  places(run: string): Promise<number[]>;
  /** A shard as it was saved, bit for bit; undefined where there is none, or it is damaged. */
  load(key: ShardKey): Promise<KeptShard | undefined>;
  /** Keeps a shard, in place of what was there: after a crash at any moment one of the two is whole. */
  save(key: ShardKey, shard: KeptShard): Promise<void>;
  /** Drops everything that is kept, of other runs as well. */
  clear(): Promise<void>;
}
