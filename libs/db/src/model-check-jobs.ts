/** Checks of models as jobs of pg-boss, in a queue of their own beside the experiments'. Not the checking itself. */
import type { Job, PgBoss } from 'pg-boss';
import type { Database, Session } from './database.ts';
import { newId } from './new-id.ts';
import { takeOrphans } from './orphans.ts';
import {
  endModelCheck,
  failModelCheck,
  ModelCheckNotOpenError,
  setModelCheckProgress,
  type ModelCheckOutcome,
} from './repositories/model-checks.ts';
import type { ExperimentError, ExperimentProgress } from './schema/experiments.ts';
import type { ModelCheck } from './schema/model-checks.ts';
import { takeUpJobs } from './take-up-jobs.ts';

/** Makes a check. What it throws ends the check as FAILED. */
export type ModelCheckHandler = (
  check: ModelCheck,
  context: { signal: AbortSignal; onProgress(progress: ExperimentProgress): void },
) => Promise<ModelCheckOutcome>;

export interface ModelCheckJobs {
  /** Queues a check, in the transaction that requested it. */
  enqueue(checkId: string, session: Session): Promise<void>;
  /** Takes up queued checks, one at a time, until `stop`. */
  work(handler: ModelCheckHandler): Promise<void>;
  /** Aborts the check that runs here and leaves it to the next start. */
  stop(): void;
}

export interface ModelCheckJobOptions {
  /** What is stored of an error. */
  describe: (error: unknown) => ExperimentError;
  onError: (error: unknown) => void;
  heartbeatSeconds: number;
}

const queue = 'model-check';
const limits = { retryLimit: 2, retryDelay: 0, expireInSeconds: 24 * 60 * 60 };

/** What a check that lost its worker says. */
const left = {
  code: 'WORKER_DIED',
  message: 'The server stopped while it checked the model, probably for lack of memory; check the model again.',
};

/** Makes the queue, and ends the checks that no job will bring to an end. */
export async function openModelCheckJobs(
  db: Database,
  boss: PgBoss,
  options: ModelCheckJobOptions,
): Promise<ModelCheckJobs> {
  const settings = { ...limits, heartbeatSeconds: options.heartbeatSeconds };
  await boss.createQueue(queue, { notify: true, ...settings });
  await boss.updateQueue(queue, settings);
  await boss.getJobById(queue, newId());
  for (const id of await takeOrphans(db, boss, { queue, table: 'model_checks' })) await failModelCheck(db, id, left);
  const stopping = new AbortController();
  return {
    enqueue: async (checkId, session) => {
      await boss.send(queue, {}, { id: checkId, db: session });
    },
    work: (handler) =>
      takeUpJobs(boss, queue, { run: (job) => runJob(db, job, { handler, stopping: stopping.signal, ...options }) }),
    stop: () => stopping.abort(),
  };
}

interface Worker extends ModelCheckJobOptions {
  handler: ModelCheckHandler;
  stopping: AbortSignal;
}

async function runJob(db: Database, job: Job, { handler, stopping, describe, onError }: Worker): Promise<void> {
  const check = await unlessEnded(setModelCheckProgress(db, job.id, null));
  if (check === null) return;
  let writing = Promise.resolve();
  const onProgress = (progress: ExperimentProgress) => {
    writing = writing.then(async () => void (await setModelCheckProgress(db, job.id, progress))).catch(onError);
  };
  const signal = AbortSignal.any([stopping, job.signal]);
  try {
    const outcome = await handler(check, { signal, onProgress });
    await writing;
    await unlessEnded(endModelCheck(db, job.id, outcome));
  } catch (error) {
    await writing;
    if (stopping.aborted) throw error;
    await unlessEnded(failModelCheck(db, job.id, describe(error)));
  }
}

/** The check, or null where another process has ended it. */
async function unlessEnded(change: Promise<ModelCheck>): Promise<ModelCheck | null> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof ModelCheckNotOpenError) return null;
    throw error;
  }
}
