/** The database of demur: models, data sets, experiments, circuits and their jobs. Imports none of our other packages. */
export * from './client.ts';
export * from './complete-experiment.ts';
export type { Database, Driver, Orm, Session } from './database.ts';
export { NodeNameError, parseNodeName, type NodeName } from './edge-name.ts';
export * from './errors.ts';
export { DatabaseTooNewError } from './migrate.ts';
export type { ModelCheckHandler, ModelCheckJobs } from './model-check-jobs.ts';
export { newId } from './new-id.ts';
export * from './repositories/api-tokens.ts';
export * from './repositories/artifacts.ts';
export * from './repositories/circuits.ts';
export * from './repositories/data-sets.ts';
export * from './repositories/experiments.ts';
export * from './repositories/model-checks.ts';
export * from './repositories/models.ts';
export * from './repositories/shards.ts';
export * from './schema/index.ts';
export { openJobs, WorkerDiedError, type JobContext, type JobHandler, type JobOptions, type Jobs } from './jobs.ts';
