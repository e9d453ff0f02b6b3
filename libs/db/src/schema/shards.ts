/** Shards: the independent parts of an experiment that has not succeeded, kept so that it can go on where it stopped. */
import { integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';
import { jsonColumn } from './json-column.ts';
import { experiments } from './experiments.ts';

export const shards = pgTable(
  'shards',
  {
    id: id(),
    experimentId: text('experiment_id')
      .notNull()
      .references(() => experiments.id, { onDelete: 'cascade' }),
    index: integer('index').notNull(),
    status: text('status', { enum: ['RUNNING', 'SUCCEEDED'] }).notNull(),
    /** What the shard found besides its arrays, which are artifacts of the shard. */
    result: jsonColumn('result'),
    createdAt: createdAt(),
  },
  (table) => [uniqueIndex('shards_experiment_index').on(table.experimentId, table.index)],
);

export type Shard = typeof shards.$inferSelect;
