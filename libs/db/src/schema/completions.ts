/** Completions: what the model wrote for a pair under a coefficient of a steering or generation experiment. */
import { doublePrecision, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { experiments } from './experiments.ts';

export const completions = pgTable(
  'completions',
  {
    experimentId: text('experiment_id')
      .notNull()
      .references(() => experiments.id, { onDelete: 'cascade' }),
    coefficientIndex: integer('coefficient_index').notNull(),
    pairIndex: integer('pair_index').notNull(),
    coefficient: doublePrecision('coefficient'),
    tokens: integer('tokens').array().notNull(),
    text: text('text').notNull(),
  },
  (table) => [primaryKey({ columns: [table.experimentId, table.coefficientIndex, table.pairIndex] })],
);

export type Completion = typeof completions.$inferSelect;
