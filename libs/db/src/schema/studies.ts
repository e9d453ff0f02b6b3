/** Studies of refusal: what is asked of which model and pairs, how far it is, and the report. Its experiments are study_steps. */
import { index, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { createdAt, id, moment } from './columns.ts';
import { dataSets } from './data-sets.ts';
import { experiments, experimentStatuses, type ExperimentError } from './experiments.ts';
import { jsonColumn } from './json-column.ts';
import { models } from './models.ts';

/** How far a study is: the step that runs, `index` from 1. */
export interface StudyProgress {
  step: string;
  title: string;
  index: number;
  total: number;
}

export interface StudyOptions {
  seed: number;
  /** Whether it goes on where the model's refusals and compliances are not apart. */
  evenIfMixed: boolean;
}

export const studies = pgTable(
  'studies',
  {
    id: id(),
    /** Which study, such as `layer-curve`. */
    name: text('name').notNull(),
    /** As it was asked for: a slug, a path or a Hub id. */
    model: text('model').notNull(),
    modelId: text('model_id').references(() => models.id, { onDelete: 'set null' }),
    dataSet: text('data_set').notNull(),
    /** Null for a data set that comes with the project. */
    dataSetId: text('data_set_id').references(() => dataSets.id, { onDelete: 'set null' }),
    options: jsonColumn('options').$type<StudyOptions>().notNull(),
    /** SHA-256 of the name, the model's weights, the data set and the options: equal studies have equal hashes. */
    hash: text('hash').notNull(),
    status: text('status', { enum: experimentStatuses }).notNull().default('QUEUED'),
    progress: jsonColumn('progress').$type<StudyProgress>(),
    error: jsonColumn('error').$type<ExperimentError>(),
    report: jsonColumn('report'),
    /** Of the report, for those who do not read it: why the study went no further than its first step, if it did not. */
    stopped: text('stopped'),
    createdAt: createdAt(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [index('studies_status').on(table.status, table.id), index('studies_hash').on(table.hash)],
);

/** The experiments of a study in their order. A study that goes on after a restart takes those that it has. */
export const studySteps = pgTable(
  'study_steps',
  {
    studyId: text('study_id')
      .notNull()
      .references(() => studies.id, { onDelete: 'cascade' }),
    index: integer('index').notNull(),
    name: text('name').notNull(),
    title: text('title').notNull(),
    experimentId: text('experiment_id')
      .notNull()
      .references(() => experiments.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.studyId, table.index] }),
    index('study_steps_experiment').on(table.experimentId),
  ],
);

export type Study = typeof studies.$inferSelect;
export type StudyStep = typeof studySteps.$inferSelect;
