/** Circuits: two dense matrices [sender, receiver] with the names of their axes. The first edges by rank are rows too. */
import { index, integer, pgTable, text, uniqueIndex } from 'drizzle-orm/pg-core';
import { artifacts } from './artifacts.ts';
import { createdAt, id } from './columns.ts';
import { experiments } from './experiments.ts';
import { jsonColumn } from './json-column.ts';

export const circuits = pgTable(
  'circuits',
  {
    id: id(),
    /** Null for a circuit that was imported. */
    experimentId: text('experiment_id').references(() => experiments.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    /** Of an imported circuit: how its scores came about, which a file of scores leaves out. */
    sidecar: jsonColumn('sidecar'),
    senders: text('senders').array().notNull(),
    receivers: text('receivers').array().notNull(),
    /** Cells of the matrix that are edges of the graph. */
    edgeCount: integer('edge_count').notNull(),
    scoresArtifactId: text('scores_artifact_id')
      .notNull()
      .references(() => artifacts.id, { onDelete: 'cascade' }),
    maskArtifactId: text('mask_artifact_id')
      .notNull()
      .references(() => artifacts.id, { onDelete: 'cascade' }),
    /** Which edges were chosen, as a matrix too; null where none were. */
    inCircuitArtifactId: text('in_circuit_artifact_id').references(() => artifacts.id, { onDelete: 'cascade' }),
    createdAt: createdAt(),
  },
  (table) => [
    uniqueIndex('circuits_experiment').on(table.experimentId),
    index('circuits_scores_artifact').on(table.scoresArtifactId),
    index('circuits_mask_artifact').on(table.maskArtifactId),
    index('circuits_in_circuit_artifact').on(table.inCircuitArtifactId),
  ],
);

export type Circuit = typeof circuits.$inferSelect;
