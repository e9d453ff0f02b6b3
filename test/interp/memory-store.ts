/** Shards kept in memory, for tests of what is kept and taken; the stores of the product have tests of their own. */
import type { KeptShard, ShardKey, ShardStore } from '@demur/interp';

/** Fails like a full disk once it has `room` finished shards. */
export class MemoryStore implements ShardStore {
  readonly worthMs = 0;
  readonly shards = new Map<string, KeptShard>();
  room = Infinity;
  /** Called with each shard that has been kept. */
  onSave: (shard: KeptShard) => void = () => undefined;

  async places(run: string): Promise<number[]> {
    return [...this.shards.keys()].filter((key) => key.startsWith(run)).map((key) => Number(key.split(' ')[1]));
  }

  async load({ run, place }: ShardKey): Promise<KeptShard | undefined> {
    return structuredClone(this.shards.get(`${run} ${place}`));
  }

  async save({ run, place }: ShardKey, shard: KeptShard): Promise<void> {
    if (shard.isFinished && this.finished() >= this.room) throw new Error('the store is full');
    this.shards.set(`${run} ${place}`, structuredClone(shard));
    this.onSave(shard);
  }

  async clear(): Promise<void> {
    this.shards.clear();
  }

  finished(): number {
    return [...this.shards.values()].filter(({ isFinished }) => isFinished).length;
  }
}
