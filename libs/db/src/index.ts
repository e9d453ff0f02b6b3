/** The database of demur: models, data sets, experiments, circuits and their jobs. Imports none of our other packages. */
export * from './client.ts';
export type { Database, Driver, Orm, Session } from './database.ts';
export * from './errors.ts';
export { DatabaseTooNewError } from './migrate.ts';
export { newId } from './new-id.ts';
export * from './schema/index.ts';
