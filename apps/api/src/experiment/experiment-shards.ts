/** The shards of an experiment, kept in the database until it succeeds. What is kept, and when, is the run's part. */
import {
  adoptShards,
  ArtifactDamagedError,
  deleteShards,
  listShards,
  loadShard,
  saveShard,
  type Database,
} from '@demur/db';
import type { KeptShard, ShardStore } from '@demur/interp';

/** What a row holds beside its arrays. */
interface ShardRow extends Pick<KeptShard, 'stints'> {
  /** The hash of the run, see ShardKey. */
  run: string;
}

/** Goes on, where there is nothing yet, from what a cancelled or failed run of the same specification has left. */
export function experimentShards(database: Database, experimentId: string): ShardStore {
  return {
    worthMs: 1_000,
    places: async (run) => {
      await adoptShards(database, experimentId);
      const rows = await listShards(database, experimentId);
      return rows.filter(({ result }) => (result as ShardRow).run === run).map(({ index }) => index);
    },
    load: async ({ place }) => {
      const shard = await loadShard(database, experimentId, place).catch(ignoreDamage);
      if (shard === undefined) return undefined;
      const { stints } = shard.result as ShardRow;
      return { arrays: shard.arrays, isFinished: shard.status === 'SUCCEEDED', stints };
    },
    save: async ({ run, place }, { arrays, isFinished, stints }) => {
      const result: ShardRow = { run, stints };
      const status = isFinished ? 'SUCCEEDED' : 'RUNNING';
      await saveShard(database, { experimentId, index: place, status, result, arrays });
    },
    clear: () => deleteShards(database, experimentId),
  };
}

/** Such a shard runs again. */
function ignoreDamage(error: unknown): undefined {
  if (!(error instanceof ArtifactDamagedError)) throw error;
}
