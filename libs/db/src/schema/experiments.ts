/** Experiments: the specification, how far it is, and what came out. Arrays are artifacts. */
import { index, integer, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, id, moment } from './columns.ts';
import { jsonColumn } from './json-column.ts';
import { dataSets } from './data-sets.ts';
import { models } from './models.ts';

export const experimentStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'] as const;
export type ExperimentStatus = (typeof experimentStatuses)[number];

/** Why an experiment failed: what GraphQL and the command show; `path` is the place in the specification. */
export interface ExperimentError {
  code: string;
  message: string;
  path?: string | undefined;
}

/** How far a run is: `done` of `total` steps of a stage. */
export interface ExperimentProgress {
  stage: string;
  done: number;
  total: number;
}

export const experiments = pgTable(
  'experiments',
  {
    id: id(),
    kind: text('kind').notNull(),
    spec: jsonColumn('spec').notNull(),
    specHash: text('spec_hash').notNull(),
    /** What the specification calls the model: a slug, a directory, a file or a Hub id. */
    model: text('model').notNull(),
    modelId: text('model_id').references(() => models.id, { onDelete: 'set null' }),
    /** The slug of the data set; null when the specification holds its own pairs. */
    dataSet: text('data_set'),
    dataSetId: text('data_set_id').references(() => dataSets.id, { onDelete: 'set null' }),
    status: text('status', { enum: experimentStatuses }).notNull().default('QUEUED'),
    /** How often a worker has taken it up; more than one when a worker died. */
    attempts: integer('attempts').notNull().default(0),
    progress: jsonColumn('progress').$type<ExperimentProgress>(),
    error: jsonColumn('error').$type<ExperimentError>(),
    result: jsonColumn('result'),
    record: jsonColumn('record'),
    createdAt: createdAt(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('experiments_status').on(table.status, table.id),
    index('experiments_model').on(table.model, table.id),
    index('experiments_data_set').on(table.dataSet, table.id),
    index('experiments_kind').on(table.kind, table.id),
    index('experiments_spec_hash').on(table.specHash),
  ],
);

export type Experiment = typeof experiments.$inferSelect;
