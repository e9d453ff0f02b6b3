/** Studies as jobs of pg-boss, one at a time: their experiments are jobs of their own queue, which a study waits for. */
import type { Job, PgBoss } from 'pg-boss';
import type { Database, Session } from './database.ts';
import { DatabaseUnreachableError, expectedFailure } from './errors.ts';
import { newId } from './new-id.ts';
import { takeOrphans } from './orphans.ts';
import {
  cancelStudy,
  failStudy,
  findStudy,
  requeueStudy,
  startStudy,
  StudyStatusError,
  succeedStudy,
  type StudySummary,
} from './repositories/studies.ts';
import type { ExperimentError } from './schema/experiments.ts';
import { takeUpJobs } from './take-up-jobs.ts';

/** Makes a study and returns its report. What it throws ends the study as FAILED. The signal: cancelled, or stopping. */
export type StudyHandler = (study: StudySummary, context: { signal: AbortSignal }) => Promise<unknown>;

export interface StudyJobs {
  /** Queues a study, in the transaction that requested it. */
  enqueue(studyId: string, session: Session): Promise<void>;
  /** Takes up queued studies, one at a time, until `stop`. */
  work(handler: StudyHandler): Promise<void>;
  /** Ends a study that is queued or running; its experiments go on. @throws StudyStatusError, StudyNotFoundError */
  cancel(studyId: string): Promise<StudySummary>;
  /** Aborts the study that runs here and puts it back. */
  stop(): void;
}

export interface StudyJobOptions {
  /** What is stored of an error. */
  describe: (error: unknown) => ExperimentError;
  heartbeatSeconds: number;
}

const queue = 'study';
const watchIntervalMs = 2_000;
/** A study that is longer than a day, the most that pg-boss takes, is put back and goes on from its experiments. */
const limits = {
  retryLimit: 1_000,
  retryDelay: 0,
  expireInSeconds: 24 * 60 * 60,
  retentionSeconds: 10 * 365 * 24 * 60 * 60,
};

/** Makes the queue, and queues anew what a dead process has left behind: it goes on from the experiments that it has made. */
export async function openStudyJobs(db: Database, boss: PgBoss, options: StudyJobOptions): Promise<StudyJobs> {
  const settings = { ...limits, heartbeatSeconds: options.heartbeatSeconds };
  await boss.createQueue(queue, { notify: true, ...settings });
  await boss.updateQueue(queue, settings);
  await boss.getJobById(queue, newId());
  for (const id of await takeOrphans(db, boss, { queue, table: 'studies' })) await boss.send(queue, {}, { id });
  const stopping = new AbortController();
  const running = new Map<string, AbortController>();
  return {
    enqueue: async (studyId, session) => {
      await boss.send(queue, {}, { id: studyId, db: session });
    },
    work: (handler) =>
      takeUpJobs(boss, queue, {
        run: (job) => runJob(db, job, { handler, running, stopping: stopping.signal, ...options }),
      }),
    cancel: async (studyId) => {
      const study = await cancelStudy(db, studyId);
      running.get(studyId)?.abort(new Error('The study was cancelled.'));
      return study;
    },
    stop: () => stopping.abort(new Error('The worker stops.')),
  };
}

interface Worker extends StudyJobOptions {
  handler: StudyHandler;
  running: Map<string, AbortController>;
  stopping: AbortSignal;
}

async function runJob(db: Database, job: Job, worker: Worker): Promise<void> {
  const study = await unlessEnded(startStudy(db, job.id));
  if (study === undefined) return;
  const cancelling = new AbortController();
  worker.running.set(job.id, cancelling);
  const watch = setInterval(() => void watchForCancel(db, job.id, cancelling), watchIntervalMs).unref();
  const stopping = AbortSignal.any([worker.stopping, job.signal]);
  try {
    await runToEnd(db, study, { ...worker, stopping, cancelling: cancelling.signal });
  } finally {
    clearInterval(watch);
    worker.running.delete(job.id);
  }
}

async function runToEnd(
  db: Database,
  study: StudySummary,
  { handler, describe, stopping, cancelling }: Worker & { cancelling: AbortSignal },
): Promise<void> {
  try {
    const report = await handler(study, { signal: AbortSignal.any([stopping, cancelling]) });
    await unlessEnded(succeedStudy(db, study.id, report));
  } catch (error) {
    if (cancelling.aborted) return;
    if (expectedFailure(error) instanceof DatabaseUnreachableError) throw error;
    if (stopping.aborted) {
      await unlessEnded(requeueStudy(db, study.id));
      throw error;
    }
    await unlessEnded(failStudy(db, study.id, describe(error)));
  }
}

/** A process that cancels a study tells others by the row alone. */
async function watchForCancel(db: Database, id: string, cancelling: AbortController): Promise<void> {
  const study = await findStudy(db, id).catch(() => ({ status: 'RUNNING' }));
  if (study?.status !== 'RUNNING') cancelling.abort(new Error('The study was cancelled.'));
}

/** The study, or undefined where it was ended in the meantime: that stands. */
async function unlessEnded(change: Promise<StudySummary>): Promise<StudySummary | undefined> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof StudyStatusError)) throw error;
  }
}
