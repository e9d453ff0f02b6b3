/** Directions under a name: a layer and a position of what an experiment found, whose vectors are its artifact `directions`. */
import { index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { artifacts } from './artifacts.ts';
import { createdAt, id } from './columns.ts';
import { jsonColumn } from './json-column.ts';
import { experiments } from './experiments.ts';

export const directions = pgTable(
  'directions',
  {
    id: id(),
    slug: text('slug').notNull().unique(),
    experimentId: text('experiment_id').references(() => experiments.id, { onDelete: 'cascade' }),
    artifactId: text('artifact_id')
      .notNull()
      .references(() => artifacts.id, { onDelete: 'cascade' }),
    model: text('model').notNull(),
    layer: integer('layer').notNull(),
    /** A column from the end, or a role; text for both. */
    position: text('position').notNull(),
    /** What is known of the vector: its length, and its effects where there was a selection. */
    record: jsonColumn('record'),
    createdAt: createdAt(),
  },
  (table) => [index('directions_experiment').on(table.experimentId), index('directions_artifact').on(table.artifactId)],
);

export type Direction = typeof directions.$inferSelect;
