/** Artifacts: named float32 arrays of an experiment, of a shard, or of an imported circuit. Their bytes lie in chunks. */
import { bigint, customType, integer, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';
import { experiments } from './experiments.ts';
import { shards } from './shards.ts';

export const artifacts = pgTable(
  'artifacts',
  {
    id: id(),
    experimentId: text('experiment_id').references(() => experiments.id, { onDelete: 'cascade' }),
    shardId: text('shard_id').references(() => shards.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    shape: integer('shape').array().notNull(),
    dtype: text('dtype', { enum: ['float32'] }).notNull(),
    byteLength: bigint('byte_length', { mode: 'number' }).notNull(),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('artifacts_experiment_name').on(table.experimentId, table.name),
    uniqueIndex('artifacts_shard_name').on(table.shardId, table.name),
  ],
);

const bytea = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' });

/** Little-endian bytes of an artifact, in order; stored out of line and uncompressed, since floats do not compress. */
export const artifactChunks = pgTable(
  'artifact_chunks',
  {
    artifactId: text('artifact_id')
      .notNull()
      .references(() => artifacts.id, { onDelete: 'cascade' }),
    index: integer('index').notNull(),
    bytes: bytea('bytes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.artifactId, table.index] })],
);

export type Artifact = typeof artifacts.$inferSelect;
