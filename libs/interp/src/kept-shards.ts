/** What is kept of one run: what was there when it began, and what it adds. Where it is kept is the store's part. */
import type { ShardOutcome } from './engine/protocol.ts';
import type { ShardArrays } from './shard.ts';
import type { KeptShard, ShardStore, Stint } from './shard-store.ts';

/** A shard with more than this is sooner computed again than written. */
const MOST_BYTES = 2 ** 30;

export interface KeptShardsOptions {
  /** None: nothing is kept, and nothing was. */
  store: ShardStore | undefined;
  /** See run-key.ts. */
  key: string;
  /** Shards of the run, through all rounds. */
  total: number;
  /** Of this run, ISO 8601. */
  startedAt: string;
}

/** What this run took from earlier ones. */
export interface Resumed {
  /** Shards that were finished. */
  shards: number;
  /** Shards that went on within. */
  begun: number;
  /** Shards of the run, through all rounds. */
  of: number;
  /** When the first of those runs began, ISO 8601. */
  since: string;
}

/** Opens the store on what it has of this run. */
export async function openKeptShards({ store, key, total, startedAt }: KeptShardsOptions): Promise<KeptShards> {
  const found = new Map<number, KeptShard>();
  for (const place of (await store?.places(key)) ?? []) {
    const shard = await store?.load({ run: key, place });
    if (shard !== undefined) found.set(place, shard);
  }
  return new KeptShards({ store, key, total, startedAt }, found);
}

export class KeptShards {
  readonly #options: KeptShardsOptions;
  readonly #found: ReadonlyMap<number, KeptShard>;
  /** Finished ones that wait until the run is worth keeping. */
  #waiting: { place: number; shard: KeptShard }[] = [];
  #firstStart = Infinity;
  /** What is being written of shards that are under way. */
  readonly #checkpoints = new Map<number, Promise<void>>();

  constructor(options: KeptShardsOptions, found: ReadonlyMap<number, KeptShard>) {
    this.#options = options;
    this.#found = found;
  }

  /** What was there of a shard when the run began. */
  at(place: number): KeptShard | undefined {
    return this.#found.get(place);
  }

  /** What this run takes from earlier ones; undefined where it begins anew. */
  get resumed(): Resumed | undefined {
    const found = [...this.#found.values()];
    const since = found.flatMap(({ stints }) => stints.map(({ runStartedAt }) => runStartedAt)).sort()[0];
    if (since === undefined) return undefined;
    const shards = found.filter(({ isFinished }) => isFinished).length;
    return { shards, begun: found.length - shards, of: this.#options.total, since };
  }

  /**
   * Keeps a shard that has ended, and gives it back with what it took. Once the run is worth it, it is on the disk then.
   * @param resume what the shard went on from, where it did not begin anew
   */
  async keep(place: number, outcome: ShardOutcome, resume: KeptShard | undefined): Promise<KeptShard> {
    const shard = this.#shardOf(outcome, { isFinished: true, resume });
    this.#waiting.push({ place, shard });
    await this.#checkpoints.get(place);
    if (this.#isWorthIt(outcome)) await this.#saveWaiting();
    return shard;
  }

  /** Keeps what a shard has found so far. One that comes while the last is being written is left out: the next is better. */
  async keepCheckpoint(place: number, outcome: ShardOutcome, resume: KeptShard | undefined): Promise<void> {
    if (this.#checkpoints.has(place) || !this.#isWorthIt(outcome)) return;
    const shard = this.#shardOf(outcome, { isFinished: false, resume });
    const writing = this.#save(place, shard).finally(() => this.#checkpoints.delete(place));
    this.#checkpoints.set(place, writing);
    await writing;
  }

  /** Waits for what is still being written. Does not throw: who asked for it has been told. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#checkpoints.values());
  }

  /** Drops everything that the store has. */
  async clear(): Promise<void> {
    await this.#options.store?.clear();
  }

  #shardOf(
    { arrays, ...spent }: ShardOutcome,
    { isFinished, resume }: { isFinished: boolean; resume: KeptShard | undefined },
  ): KeptShard {
    const stint: Stint = { ...spent, runStartedAt: this.#options.startedAt };
    return { arrays, isFinished, stints: [...(resume?.stints ?? []), stint] };
  }

  /** By the engine's clock; what an earlier run was worth keeping for, this one is. */
  #isWorthIt({ startedAt, endedAt }: ShardOutcome): boolean {
    this.#firstStart = Math.min(this.#firstStart, startedAt);
    const worthMs = this.#options.store?.worthMs ?? Infinity;
    return this.#found.size > 0 || endedAt - this.#firstStart >= worthMs;
  }

  async #saveWaiting(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { place, shard } of waiting) await this.#save(place, shard);
  }

  async #save(place: number, shard: KeptShard): Promise<void> {
    const { store, key } = this.#options;
    if (bytesOf(shard.arrays) <= MOST_BYTES) await store?.save({ run: key, place }, shard);
  }
}

function bytesOf(arrays: ShardArrays): number {
  return Object.values(arrays).reduce((sum, { values }) => sum + values.byteLength, 0);
}
