/** Checks of models: whether the engine computes with a model what it should, on a backend, by a version of demur. */
import { boolean, index, pgTable, text } from 'drizzle-orm/pg-core';
import { createdAt, id, moment } from './columns.ts';
import type { ExperimentError, ExperimentProgress } from './experiments.ts';
import { jsonColumn } from './json-column.ts';
import { models } from './models.ts';

export const modelCheckStatuses = ['QUEUED', 'RUNNING', 'ENDED', 'FAILED'] as const;
export type ModelCheckStatus = (typeof modelCheckStatuses)[number];

export const modelChecks = pgTable(
  'model_checks',
  {
    id: id(),
    modelId: text('model_id')
      .notNull()
      .references(() => models.id, { onDelete: 'cascade' }),
    /** ENDED says that every check was made, FAILED that something went wrong before. */
    status: text('status', { enum: modelCheckStatuses }).notNull().default('QUEUED'),
    progress: jsonColumn('progress').$type<ExperimentProgress>(),
    error: jsonColumn('error').$type<ExperimentError>(),
    /** What follows is null until it has ended. */
    passed: boolean('passed'),
    backend: text('backend'),
    backendVersion: text('backend_version'),
    /** Of demur. */
    version: text('version'),
    /** What was checked: the model may have been registered anew since. */
    weightsSha256: text('weights_sha256'),
    /** A list of checks with what each has measured. */
    results: jsonColumn('results'),
    createdAt: createdAt(),
    finishedAt: moment('finished_at'),
  },
  (table) => [index('model_checks_model').on(table.modelId, table.id)],
);

export type ModelCheck = typeof modelChecks.$inferSelect;
