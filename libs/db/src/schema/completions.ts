/** Completions: what the model wrote for a pair under a coefficient of a steering, or in a generation. */
import { doublePrecision, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { experiments } from './experiments.ts';

/** A stop token ended it, the most tokens were made, or the model's context was full. */
export const finishReasons = ['stop', 'length', 'context'] as const;

export const completions = pgTable(
  'completions',
  {
    experimentId: text('experiment_id')
      .notNull()
      .references(() => experiments.id, { onDelete: 'cascade' }),
    /** 0 for a generation. */
    coefficientIndex: integer('coefficient_index').notNull(),
    pairIndex: integer('pair_index').notNull(),
    /** Null for a generation. */
    coefficient: doublePrecision('coefficient'),
    tokens: integer('tokens').array().notNull(),
    /** Null where the model has no tokenizer. */
    text: text('text'),
    finish: text('finish', { enum: finishReasons }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.experimentId, table.coefficientIndex, table.pairIndex] })],
);

export type Completion = typeof completions.$inferSelect;
