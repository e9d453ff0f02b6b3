/** Checks of models as jobs, in a queue of their own beside the experiments'. Not the checking itself. */
import type { PgBoss } from 'pg-boss';
import type { Database, Session } from './database.ts';
import {
  endModelCheck,
  failModelCheck,
  setModelCheckProgress,
  type ModelCheckOutcome,
} from './repositories/model-checks.ts';
import { RowQueue } from './row-queue.ts';
import type { ExperimentProgress } from './schema/experiments.ts';
import type { ModelCheck } from './schema/model-checks.ts';

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
  stop(): Promise<void>;
}

export interface ModelCheckJobOptions {
  onError: (error: unknown) => void;
  heartbeatSeconds: number;
}

/** What a check that lost its worker says. */
const left = {
  code: 'WORKER_DIED',
  message: 'The server stopped while it checked the model, probably for lack of memory; check the model again.',
};

/** Makes the queue, and ends the checks that no job will bring to an end. */
export async function openModelCheckJobs(
  db: Database,
  boss: PgBoss,
  { heartbeatSeconds, onError }: ModelCheckJobOptions,
): Promise<ModelCheckJobs> {
  const limits = { heartbeatSeconds, retryLimit: 2 };
  const queue = await RowQueue.open(db, boss, { name: 'model-check', table: 'model_checks', ...limits });
  for (const id of queue.orphans) await failModelCheck(db, id, left);
  return {
    enqueue: (checkId, session) => queue.enqueue(checkId, session),
    work: (handler) =>
      queue.work({
        start: (id) => setModelCheckProgress(db, id, null),
        run: (check, { signal }) => runCheck(db, check, { handler, signal, onError }),
        succeed: (id, outcome) => endModelCheck(db, id, outcome),
        fail: (id, error) => failModelCheck(db, id, error),
        putBack: (id) => setModelCheckProgress(db, id, null),
        // Nobody can cancel a check.
        isRunning: () => Promise.resolve(true),
      }),
    stop: () => queue.stop(),
  };
}

async function runCheck(
  db: Database,
  check: ModelCheck,
  { handler, signal, onError }: { handler: ModelCheckHandler; signal: AbortSignal; onError: (error: unknown) => void },
): Promise<ModelCheckOutcome> {
  let writing = Promise.resolve();
  const onProgress = (progress: ExperimentProgress) => {
    writing = writing.then(async () => void (await setModelCheckProgress(db, check.id, progress))).catch(onError);
  };
  return handler(check, { signal, onProgress }).finally(() => writing);
}
