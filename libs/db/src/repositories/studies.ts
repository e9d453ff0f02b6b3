/** Studies and the way of their status, and the experiments that each of them has made. */
import { and, asc, count, desc, eq, getTableColumns, inArray, lt, sql, type SQL } from 'drizzle-orm';
import type { Session } from '../database.ts';
import { DatabaseError, RowStatusError } from '../errors.ts';
import { experiments, type ExperimentError, type ExperimentStatus } from '../schema/experiments.ts';
import { studies, studySteps, type Study, type StudyProgress, type StudyStep } from '../schema/studies.ts';
import { experimentSummaryColumns, type ExperimentSummary } from './experiments.ts';

export type StudyInput = Pick<
  typeof studies.$inferInsert,
  'name' | 'model' | 'modelId' | 'dataSet' | 'dataSetId' | 'options' | 'hash'
>;

/** What is read of a report here: why the study went no further than its first step; null for one that was done. */
export interface KeptReport {
  stopped: string | null;
}

/** A study without its report, which can be large. */
export type StudySummary = Omit<Study, 'report'>;

export interface StudyFilter {
  names?: readonly string[] | undefined;
  statuses?: readonly ExperimentStatus[] | undefined;
  model?: string | undefined;
  dataSet?: string | undefined;
}

export class StudyNotFoundError extends DatabaseError {
  constructor(id: string) {
    super('STUDY_NOT_FOUND', `There is no study with the id "${id}".`);
  }
}

export class StudyStatusError extends RowStatusError {
  constructor({ id, status }: StudySummary, next: ExperimentStatus) {
    super('STUDY_STATUS', `The study ${id} is ${status}, so it cannot become ${next}.`);
  }
}

const OPEN: ExperimentStatus[] = ['QUEUED', 'RUNNING'];

const { report: _report, ...summaryColumns } = getTableColumns(studies);

/** A study, QUEUED; an equal one that waits, runs or has succeeded is given back instead. */
export function requestStudy(session: Session, input: StudyInput): Promise<{ study: StudySummary; isNew: boolean }> {
  return session.transaction(async (tx) => {
    // Two requests of equal studies at a time wait here for each other.
    await tx.executeSql('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [input.hash]);
    const isSame = and(eq(studies.hash, input.hash), inArray(studies.status, [...OPEN, 'SUCCEEDED']));
    const known = tx.orm.select(summaryColumns).from(studies).where(isSame).orderBy(desc(studies.id)).limit(1);
    const [study] = await known;
    if (study) return { study, isNew: false };
    const [created] = await tx.orm.insert(studies).values(input).returning(summaryColumns);
    return { study: created!, isNew: true };
  });
}

export async function findStudy(session: Session, id: string): Promise<StudySummary | undefined> {
  return (await session.orm.select(summaryColumns).from(studies).where(eq(studies.id, id)))[0];
}

/** The report of a study; null until it has succeeded. @throws StudyNotFoundError */
export async function readStudyReport(session: Session, id: string): Promise<unknown> {
  const [row] = await session.orm.select({ report: studies.report }).from(studies).where(eq(studies.id, id));
  if (row === undefined) throw new StudyNotFoundError(id);
  return row.report;
}

/** A page of studies, newest first, after the study whose id is `after`. */
export async function listStudies(
  session: Session,
  { first, after, filter = {} }: { first: number; after?: string | undefined; filter?: StudyFilter | undefined },
): Promise<{ items: StudySummary[]; hasNextPage: boolean }> {
  const isOlder = after === undefined ? undefined : lt(studies.id, after);
  const isAsked = and(matches(filter), isOlder);
  const query = session.orm.select(summaryColumns).from(studies).where(isAsked);
  const rows = await query.orderBy(desc(studies.id)).limit(first + 1);
  return { items: rows.slice(0, first), hasNextPage: rows.length > first };
}

export async function countStudies(session: Session, filter: StudyFilter = {}): Promise<number> {
  const [row] = await session.orm.select({ total: count() }).from(studies).where(matches(filter));
  return row?.total ?? 0;
}

function matches({ names, statuses, model, dataSet }: StudyFilter): SQL | undefined {
  return and(
    names && inArray(studies.name, [...names]),
    statuses && inArray(studies.status, [...statuses]),
    model === undefined ? undefined : eq(studies.model, model),
    dataSet === undefined ? undefined : eq(studies.dataSet, dataSet),
  );
}

/** A worker takes up a study that waits, or one that another worker has left. @throws StudyStatusError */
export function startStudy(session: Session, id: string): Promise<StudySummary> {
  const startedAt = sql`coalesce(${studies.startedAt}, now())`;
  return change(session, id, { from: OPEN, values: { status: 'RUNNING', startedAt } });
}

/** Puts a running study back; the experiments that it has made stay its own. @throws StudyStatusError */
export function requeueStudy(session: Session, id: string): Promise<StudySummary> {
  return change(session, id, { from: ['RUNNING'], values: { status: 'QUEUED' } });
}

/** Ends a study with its report. @throws StudyStatusError */
export function succeedStudy(session: Session, id: string, report: KeptReport): Promise<StudySummary> {
  const values = { status: 'SUCCEEDED', report, stopped: report.stopped, finishedAt: sql`now()` };
  return change(session, id, { from: ['RUNNING'], values });
}

/** Ends a study with the reason; the experiments that have succeeded stay. @throws StudyStatusError */
export function failStudy(session: Session, id: string, error: ExperimentError): Promise<StudySummary> {
  return change(session, id, { from: OPEN, values: { status: 'FAILED', error, finishedAt: sql`now()` } });
}

/** Ends a study that nobody wants any more. Its open experiments are for the caller to end. @throws StudyStatusError */
export function cancelStudy(session: Session, id: string): Promise<StudySummary> {
  return change(session, id, { from: OPEN, values: { status: 'CANCELLED', finishedAt: sql`now()` } });
}

/** Says how far a running study is. @throws StudyStatusError */
export function setStudyProgress(session: Session, id: string, progress: StudyProgress): Promise<StudySummary> {
  return change(session, id, { from: ['RUNNING'], values: { progress } });
}

/** Makes an experiment a step of a study, in place of one that it had there. */
export async function linkStudyStep(session: Session, { studyId, index, ...step }: StudyStep): Promise<void> {
  const place = [studySteps.studyId, studySteps.index];
  const steps = session.orm.insert(studySteps).values({ studyId, index, ...step });
  await steps.onConflictDoUpdate({ target: place, set: step });
}

/** The steps that a study has begun with their experiments, in their order. */
export function listStudySteps(
  session: Session,
  studyId: string,
): Promise<(Pick<StudyStep, 'name' | 'title'> & { experiment: ExperimentSummary })[]> {
  return session.orm
    .select({ name: studySteps.name, title: studySteps.title, experiment: experimentSummaryColumns })
    .from(studySteps)
    .innerJoin(experiments, eq(experiments.id, studySteps.experimentId))
    .where(eq(studySteps.studyId, studyId))
    .orderBy(asc(studySteps.index));
}

/**
 * Open experiments that only this study needs: made since the study was, and of no other study that is open. Older ones
 * somebody else has asked for.
 */
export async function listOwnOpenExperiments(session: Session, studyId: string): Promise<string[]> {
  const { rows } = await session.executeSql<{ id: string }>(
    `SELECT e.id FROM study_steps own JOIN experiments e ON e.id = own.experiment_id
     WHERE own.study_id = $1 AND e.status = ANY($2::text[]) AND e.id > own.study_id AND NOT EXISTS (
       SELECT 1 FROM study_steps other JOIN studies s ON s.id = other.study_id
       WHERE other.experiment_id = e.id AND s.id <> $1 AND s.status = ANY($2::text[]))
     ORDER BY e.id`,
    [studyId, OPEN],
  );
  return rows.map(({ id }) => id);
}

interface StudyChange {
  /** The statuses in which it may happen. */
  from: ExperimentStatus[];
  values: Parameters<ReturnType<Session['orm']['update']>['set']>[0];
}

/** One UPDATE that holds only in a status that allows it: two workers cannot both do it. */
async function change(session: Session, id: string, { from, values }: StudyChange): Promise<StudySummary> {
  const isAllowed = and(eq(studies.id, id), inArray(studies.status, from));
  const [changed] = await session.orm.update(studies).set(values).where(isAllowed).returning(summaryColumns);
  if (changed) return changed;
  const study = await findStudy(session, id);
  const next = (values as { status?: ExperimentStatus }).status ?? 'RUNNING';
  throw study ? new StudyStatusError(study, next) : new StudyNotFoundError(id);
}
