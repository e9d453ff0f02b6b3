/** Shards of an experiment, kept until it succeeds, so that it, or the next run of its specification, goes on where it stopped. */
import { and, asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { artifacts } from '../schema/artifacts.ts';
import { shards, type Shard } from '../schema/shards.ts';
import { readArtifact, writeArtifacts, type FloatArray } from './artifacts.ts';

/** SUCCEEDED: what it found. RUNNING: what it had found when it was last asked. */
export interface ShardResult extends Pick<Shard, 'status'> {
  /** What is no array; anything JSON can hold. */
  result: unknown;
  arrays: Record<string, FloatArray>;
}

/** Keeps the result of one shard, in place of an older one. */
export async function saveShard(
  session: Session,
  { arrays, ...shard }: ShardResult & { experimentId: string; index: number },
): Promise<void> {
  await session.transaction(async (tx) => {
    await tx.orm.delete(shards).where(and(eq(shards.experimentId, shard.experimentId), eq(shards.index, shard.index)));
    const [row] = await tx.orm.insert(shards).values(shard).returning({ id: shards.id });
    await writeArtifacts(tx, { shardId: row!.id }, arrays);
  });
}

/** What is kept of an experiment, in order, without the arrays. */
export function listShards(
  session: Session,
  experimentId: string,
): Promise<Pick<Shard, 'index' | 'status' | 'result'>[]> {
  return session.orm
    .select({ index: shards.index, status: shards.status, result: shards.result })
    .from(shards)
    .where(eq(shards.experimentId, experimentId))
    .orderBy(asc(shards.index));
}

/**
 * One shard; undefined if nothing is kept of it.
 * @throws ArtifactDamagedError when bytes are missing.
 */
export async function loadShard(
  session: Session,
  experimentId: string,
  index: number,
): Promise<ShardResult | undefined> {
  const isIt = and(eq(shards.experimentId, experimentId), eq(shards.index, index));
  const [shard] = await session.orm.select().from(shards).where(isIt);
  if (shard === undefined) return undefined;
  const rows = await session.orm.select().from(artifacts).where(eq(artifacts.shardId, shard.id));
  const arrays: Record<string, FloatArray> = {};
  for (const row of rows) arrays[row.name] = await readArtifact(session, row);
  return { status: shard.status, result: shard.result, arrays };
}

/** Drops all shards of an experiment, with their arrays. */
export async function deleteShards(session: Session, experimentId: string): Promise<void> {
  await session.orm.delete(shards).where(eq(shards.experimentId, experimentId));
}

/**
 * Gives an experiment that has no shards those that the newest run of the same specification has left, if that was cancelled
 * or failed.
 */
export async function adoptShards(session: Session, experimentId: string): Promise<void> {
  await session.executeSql(
    `UPDATE shards SET experiment_id = $1
     WHERE NOT EXISTS (SELECT 1 FROM shards WHERE experiment_id = $1) AND experiment_id = (
       SELECT max(e.id) FROM experiments e JOIN experiments own ON own.id = $1 AND own.spec_hash = e.spec_hash
       WHERE e.status IN ('CANCELLED', 'FAILED') AND EXISTS (SELECT 1 FROM shards s WHERE s.experiment_id = e.id))`,
    [experimentId],
  );
}

/** What cancelled and failed experiments may keep, all together. */
const mostLeftBytes = 2 ** 30;

/** Drops the shards of cancelled and failed experiments, the oldest first, beyond what they may keep. */
export async function trimShards(session: Session, mostBytes = mostLeftBytes): Promise<void> {
  await session.executeSql(
    `DELETE FROM shards WHERE experiment_id IN (
       SELECT id FROM (
         SELECT e.id, sum(sum(a.byte_length)) OVER (ORDER BY e.id DESC) AS bytes
         FROM experiments e JOIN shards s ON s.experiment_id = e.id JOIN artifacts a ON a.shard_id = s.id
         WHERE e.status IN ('CANCELLED', 'FAILED') GROUP BY e.id) AS left_behind
       WHERE bytes > $1)`,
    [mostBytes],
  );
}
