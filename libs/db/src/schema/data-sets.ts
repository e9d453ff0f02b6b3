/** Data sets and their pairs of prompts, in order. */
import { integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { createdAt, id } from './columns.ts';
import { jsonColumn } from './json-column.ts';

export const dataSets = pgTable('data_sets', {
  id: id(),
  slug: text('slug').notNull().unique(),
  name: text('name').notNull(),
  description: text('description'),
  pairCount: integer('pair_count').notNull(),
  createdAt: createdAt(),
});

export const pairs = pgTable(
  'pairs',
  {
    id: id(),
    dataSetId: text('data_set_id')
      .notNull()
      .references(() => dataSets.id, { onDelete: 'cascade' }),
    index: integer('index').notNull(),
    clean: jsonColumn('clean').notNull(),
    corrupted: jsonColumn('corrupted').notNull(),
    answer: jsonColumn('answer').notNull(),
    distractor: jsonColumn('distractor').notNull(),
    /** Positions by role, where the pair gives some. */
    roles: jsonColumn('roles'),
  },
  (table) => [uniqueIndex('pairs_data_set_index').on(table.dataSetId, table.index)],
);

export type DataSet = typeof dataSets.$inferSelect;
export type Pair = typeof pairs.$inferSelect;
