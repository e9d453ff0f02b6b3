/** Results of shards, kept while an experiment runs so that it can go on where it stopped. */
import { and, asc, eq } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { artifacts } from '../schema/artifacts.ts';
import { shards } from '../schema/shards.ts';
import { readArtifact, writeArtifacts, type FloatArray } from './artifacts.ts';

export interface ShardResult {
  /** What is no array; anything JSON can hold. */
  result: unknown;
  arrays: Record<string, FloatArray>;
}

/** Keeps the result of one shard, in place of an older one. */
export async function saveShard(
  session: Session,
  { experimentId, index, ...shard }: ShardResult & { experimentId: string; index: number },
): Promise<void> {
  await session.transaction(async (tx) => {
    await tx.orm.delete(shards).where(and(eq(shards.experimentId, experimentId), eq(shards.index, index)));
    const values = { experimentId, index, status: 'SUCCEEDED', result: shard.result } as const;
    const [row] = await tx.orm.insert(shards).values(values).returning({ id: shards.id });
    await writeArtifacts(tx, { shardId: row!.id }, shard.arrays);
  });
}

/** Which shards of an experiment are done, in order. */
export async function listShardIndices(session: Session, experimentId: string): Promise<number[]> {
  const rows = await session.orm
    .select({ index: shards.index })
    .from(shards)
    .where(and(eq(shards.experimentId, experimentId), eq(shards.status, 'SUCCEEDED')))
    .orderBy(asc(shards.index));
  return rows.map(({ index }) => index);
}

/** The result of one shard; undefined if it is not done. */
export async function loadShard(
  session: Session,
  experimentId: string,
  index: number,
): Promise<ShardResult | undefined> {
  const isIt = and(eq(shards.experimentId, experimentId), eq(shards.index, index));
  const [shard] = await session.orm.select().from(shards).where(isIt);
  if (shard?.status !== 'SUCCEEDED') return undefined;
  const rows = await session.orm.select().from(artifacts).where(eq(artifacts.shardId, shard.id));
  const arrays: Record<string, FloatArray> = {};
  for (const row of rows) arrays[row.name] = await readArtifact(session, row);
  return { result: shard.result, arrays };
}

/** Drops all shards of an experiment, with their arrays. */
export async function deleteShards(session: Session, experimentId: string): Promise<void> {
  await session.orm.delete(shards).where(eq(shards.experimentId, experimentId));
}
