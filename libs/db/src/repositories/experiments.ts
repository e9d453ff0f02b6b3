/** Experiments and the way of their status. A status changes only along `transitions`, decided by the database. */
import { and, count, desc, eq, getTableColumns, ilike, inArray, lt, or, sql, type SQL } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import type { Session } from '../database.ts';
import { DatabaseError, RowStatusError } from '../errors.ts';
import {
  experimentStatuses,
  experiments,
  type Experiment,
  type ExperimentError,
  type ExperimentProgress,
  type ExperimentStatus,
} from '../schema/experiments.ts';
import { deleteShards, trimShards } from './shards.ts';

export type ExperimentInput = Pick<
  typeof experiments.$inferInsert,
  'spec' | 'specHash' | 'kind' | 'model' | 'modelId' | 'dataSet' | 'dataSetId'
>;

/** An experiment without what can be large: its result and its record. */
export type ExperimentSummary = Omit<Experiment, 'result' | 'record'>;

export interface ExperimentFilter {
  kinds?: readonly string[] | undefined;
  statuses?: readonly ExperimentStatus[] | undefined;
  model?: string | undefined;
  dataSet?: string | undefined;
  /** Text that the specification (its prompts too) or the id contains; case does not matter. */
  search?: string | undefined;
}

export interface ExperimentPage {
  items: ExperimentSummary[];
  hasNextPage: boolean;
}

export class ExperimentNotFoundError extends DatabaseError {
  constructor(id: string) {
    super('EXPERIMENT_NOT_FOUND', `There is no experiment with the id "${id}".`);
  }
}

export class ExperimentStatusError extends RowStatusError {
  constructor({ id, status }: Experiment, next: ExperimentStatus) {
    super('EXPERIMENT_STATUS', `The experiment ${id} is ${status}, so it cannot become ${next}.`);
  }
}

const transitions: Record<ExperimentStatus, readonly ExperimentStatus[]> = {
  QUEUED: ['RUNNING', 'FAILED', 'CANCELLED'],
  RUNNING: ['SUCCEEDED', 'FAILED', 'CANCELLED', 'QUEUED'],
  SUCCEEDED: [],
  FAILED: [],
  CANCELLED: [],
};

/** The columns of an `ExperimentSummary`. */
const { result: _result, record: _record, ...summaryColumns } = getTableColumns(experiments);
export { summaryColumns as experimentSummaryColumns };

/** Creates an experiment, QUEUED. */
export async function createExperiment(session: Session, input: ExperimentInput): Promise<Experiment> {
  const [experiment] = await session.orm.insert(experiments).values(input).returning();
  return experiment!;
}

export async function findExperiment(session: Session, id: string): Promise<Experiment | undefined> {
  return (await session.orm.select().from(experiments).where(eq(experiments.id, id)))[0];
}

/** Every run of one specification, newest first. */
export function findExperimentsBySpecHash(session: Session, specHash: string): Promise<Experiment[]> {
  return session.orm.select().from(experiments).where(eq(experiments.specHash, specHash)).orderBy(desc(experiments.id));
}

/** The status alone, for a worker that asks often; undefined if the experiment is gone. */
export async function findExperimentStatus(session: Session, id: string): Promise<ExperimentStatus | undefined> {
  const columns = { status: experiments.status };
  return (await session.orm.select(columns).from(experiments).where(eq(experiments.id, id)))[0]?.status;
}

/** A page of experiments, newest first, after the experiment whose id is `after`. New ones do not shift the pages. */
export async function listExperiments(
  session: Session,
  { first, after, filter = {} }: { first: number; after?: string | undefined; filter?: ExperimentFilter | undefined },
): Promise<ExperimentPage> {
  const isOlder = after === undefined ? undefined : lt(experiments.id, after);
  const rows = await session.orm
    .select(summaryColumns)
    .from(experiments)
    .where(and(matches(filter), isOlder))
    .orderBy(desc(experiments.id))
    .limit(first + 1);
  return { items: rows.slice(0, first), hasNextPage: rows.length > first };
}

export async function countExperiments(session: Session, filter: ExperimentFilter = {}): Promise<number> {
  const [row] = await session.orm.select({ total: count() }).from(experiments).where(matches(filter));
  return row?.total ?? 0;
}

function matches({ kinds, statuses, model, dataSet, search }: ExperimentFilter): SQL | undefined {
  return and(
    kinds && inArray(experiments.kind, [...kinds]),
    statuses && inArray(experiments.status, [...statuses]),
    model === undefined ? undefined : eq(experiments.model, model),
    dataSet === undefined ? undefined : eq(experiments.dataSet, dataSet),
    search === undefined ? undefined : contains(search),
  );
}

/** The specification is compared as JSON text, so the words are escaped as JSON escapes them. */
function contains(search: string): SQL | undefined {
  const pattern = (text: string) => `%${text.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  const inSpec = ilike(sql`${experiments.spec}::text`, pattern(JSON.stringify(search).slice(1, -1)));
  return or(inSpec, ilike(experiments.id, pattern(search)));
}

/** A worker takes up a queued experiment. */
export function startExperiment(session: Session, id: string): Promise<Experiment> {
  const attempts = sql`${experiments.attempts} + 1`;
  return changeStatus(session, id, { status: 'RUNNING', attempts, startedAt: sql`now()`, progress: null });
}

/** Puts a running experiment back; its shards stay. `uncounted` when the worker stopped in good order. */
export function requeueExperiment(
  session: Session,
  id: string,
  { uncounted = false }: { uncounted?: boolean } = {},
): Promise<Experiment> {
  const attempts = uncounted ? sql`greatest(${experiments.attempts} - 1, 0)` : sql`${experiments.attempts}`;
  return changeStatus(session, id, { status: 'QUEUED', attempts, startedAt: null, progress: null });
}

/** Ends an experiment with the reason; its shards stay for the next run of its specification. */
export function failExperiment(session: Session, id: string, error: ExperimentError): Promise<Experiment> {
  return end(session, id, { status: 'FAILED', error });
}

/** Ends an experiment that nobody wants any more; its shards stay for the next run of its specification. */
export function cancelExperiment(session: Session, id: string): Promise<Experiment> {
  return end(session, id, { status: 'CANCELLED' });
}

/** Ends an experiment with its result, inside a transaction that also writes the arrays; its shards are dropped. */
export function succeedExperiment(
  session: Session,
  id: string,
  outcome: { result: unknown; record: unknown },
): Promise<Experiment> {
  return end(session, id, { status: 'SUCCEEDED', ...outcome });
}

/** Says how far a run is; false if the experiment does not run any more, so that the worker can stop. */
export async function setExperimentProgress(
  session: Session,
  id: string,
  progress: ExperimentProgress,
): Promise<boolean> {
  const isRunning = and(eq(experiments.id, id), eq(experiments.status, 'RUNNING'));
  const rows = await session.orm
    .update(experiments)
    .set({ progress })
    .where(isRunning)
    .returning({ id: experiments.id });
  return rows.length > 0;
}

/** Experiments that are not at an end, oldest first. */
export function listOpenExperiments(session: Session): Promise<Pick<Experiment, 'id' | 'status'>[]> {
  return session.orm
    .select({ id: experiments.id, status: experiments.status })
    .from(experiments)
    .where(inArray(experiments.status, ['QUEUED', 'RUNNING']))
    .orderBy(experiments.id);
}

type StatusChange = PgUpdateSetSource<typeof experiments> & { status: ExperimentStatus };

function end(session: Session, id: string, change: StatusChange): Promise<Experiment> {
  return session.transaction(async (tx) => {
    const ended = await changeStatus(tx, id, { ...change, finishedAt: sql`now()` });
    await (change.status === 'SUCCEEDED' ? deleteShards(tx, id) : trimShards(tx));
    return ended;
  });
}

/** One UPDATE that holds only in a status from which `change.status` can follow: two workers cannot both do it. */
async function changeStatus(session: Session, id: string, change: StatusChange): Promise<Experiment> {
  const from = experimentStatuses.filter((status) => transitions[status].includes(change.status));
  const isAllowed = and(eq(experiments.id, id), inArray(experiments.status, from));
  const [changed] = await session.orm.update(experiments).set(change).where(isAllowed).returning();
  if (changed) return changed;
  const current = await findExperiment(session, id);
  throw current ? new ExperimentStatusError(current, change.status) : new ExperimentNotFoundError(id);
}
