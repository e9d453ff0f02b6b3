/** The jobs of a database: experiments here, checks of models and studies beside them. Not the running itself. */
import { PgBoss, type ConstructorOptions } from 'pg-boss';
import { completeExperiment, type ExperimentOutcome } from './complete-experiment.ts';
import type { Database, Session } from './database.ts';
import { DatabaseError } from './errors.ts';
import { openModelCheckJobs, type ModelCheckJobs } from './model-check-jobs.ts';
import {
  cancelExperiment,
  failExperiment,
  findExperiment,
  findExperimentStatus,
  requeueExperiment,
  setExperimentProgress,
  startExperiment,
} from './repositories/experiments.ts';
import { RowQueue, describe, type RowSteps } from './row-queue.ts';
import type { Experiment, ExperimentProgress } from './schema/experiments.ts';
import { openStudyJobs, type StudyJobs } from './study-jobs.ts';

export interface JobContext {
  /** Aborted when the experiment is cancelled or this process stops. */
  signal: AbortSignal;
  /** Stores the progress, at most four times a second. */
  onProgress(progress: ExperimentProgress): void;
}

/** Runs an experiment and returns what it found. What it throws ends the experiment as FAILED. */
export type JobHandler = (experiment: Experiment, context: JobContext) => Promise<ExperimentOutcome>;

export interface Jobs {
  /** Queues an experiment. With the session that created it, both happen or neither. */
  enqueue(experimentId: string, session?: Session): Promise<void>;
  /** Takes up queued experiments, `concurrency` (1) at a time, until `stop`. */
  work(handler: JobHandler, options?: { concurrency?: number }): Promise<void>;
  /** Ends an experiment that is queued or running; a worker of another process notices within seconds. */
  cancel(experimentId: string): Promise<Experiment>;
  /** The queue of checks of models. */
  modelChecks: ModelCheckJobs;
  /** The queue of studies. */
  studies: StudyJobs;
  /** Aborts what runs here, puts it back into the queue, and ends the connection. */
  stop(): Promise<void>;
}

export interface JobOptions {
  /** After every change of an experiment made here, status or progress; not for one still inside a transaction. */
  onChange?: ((experimentId: string) => void) | undefined;
  /** What goes wrong in the background, such as a lost connection. */
  onError?: ((error: unknown) => void) | undefined;
  /** A worker that has not been heard of for this long is dead; at least 10. */
  heartbeatSeconds?: number | undefined;
}

/** Workers may die under an experiment so many times; then the experiment itself is the likely reason. */
const maxAttempts = 3;

const progressIntervalMs = 250;
const stopTimeoutMs = 15_000;

/** The worker of an experiment died again and again. */
export class WorkerDiedError extends DatabaseError {
  constructor() {
    super(
      'WORKER_DIED',
      `The worker that ran this experiment died ${maxAttempts} times, probably for lack of memory. ` +
        'Run it with fewer pairs, or on a machine with more memory.',
    );
  }
}

/** Starts the queue on an open database, and puts back what a dead process has left behind. */
export async function openJobs(db: Database, options: JobOptions = {}): Promise<Jobs> {
  const { heartbeatSeconds = 30, onChange = () => undefined, onError = () => undefined } = options;
  const boss = new PgBoss({ ...bossDefaults(heartbeatSeconds), ...db.bossOptions });
  boss.on('error', onError);
  await boss.start();
  const limits = { heartbeatSeconds, retryLimit: 1_000 };
  const queue = await RowQueue.open(db, boss, { name: 'experiment', table: 'experiments', ...limits });
  for (const id of queue.orphans) await queue.enqueue(id);
  const modelChecks = await openModelCheckJobs(db, boss, { onError, heartbeatSeconds });
  const studies = await openStudyJobs(db, boss, { heartbeatSeconds });
  return {
    ...{ modelChecks, studies },
    enqueue: async (id, session) => {
      await queue.enqueue(id, session);
      if (!session) onChange(id);
    },
    work: (handler, { concurrency } = {}) =>
      queue.work(experimentSteps(db, handler, { onChange, onError }), { concurrency }),
    cancel: async (id) => {
      const experiment = await cancelExperiment(db, id);
      queue.abort(id);
      onChange(id);
      return experiment;
    },
    stop: async () => {
      await Promise.all([studies, modelChecks, queue].map((each) => each.stop()));
      await boss.stop({ graceful: true, timeout: stopTimeoutMs });
    },
  };
}

function bossDefaults(heartbeatSeconds: number): ConstructorOptions {
  const intervalSeconds = Math.ceil(heartbeatSeconds / 2);
  return {
    schedule: false,
    useListenNotify: true,
    superviseIntervalSeconds: intervalSeconds,
    monitorIntervalSeconds: intervalSeconds,
  };
}

type Callbacks = Required<Pick<JobOptions, 'onChange' | 'onError'>>;

function experimentSteps(
  db: Database,
  handler: JobHandler,
  { onChange, onError }: Callbacks,
): RowSteps<Experiment, ExperimentOutcome> {
  return {
    start: async (id) => {
      const experiment = await takeUp(db, id);
      onChange(id);
      return experiment?.status === 'RUNNING' ? experiment : undefined;
    },
    run: (experiment, { signal }) => {
      const progress = progressWriter(db, experiment.id, { onChange, onError });
      return handler(experiment, { signal, onProgress: progress.write }).finally(progress.settled);
    },
    succeed: (id, outcome) => completeExperiment(db, id, outcome),
    fail: (id, error) => failExperiment(db, id, error),
    putBack: (id) => requeueExperiment(db, id, { uncounted: true }),
    isRunning: async (id) => (await findExperimentStatus(db, id)) === 'RUNNING',
    onLeft: onChange,
  };
}

/** QUEUED to RUNNING; also from RUNNING, when the worker before has died. Nothing if the experiment has ended. */
function takeUp(db: Database, id: string): Promise<Experiment | undefined> {
  return db.transaction(async (tx) => {
    const experiment = await findExperiment(tx, id);
    if (experiment?.status === 'RUNNING') await requeueExperiment(tx, id);
    else if (experiment?.status !== 'QUEUED') return undefined;
    if (experiment.attempts >= maxAttempts) return failExperiment(tx, id, describe(new WorkerDiedError()));
    return startExperiment(tx, id);
  });
}

/** Writes the newest progress, one write at a time and with a pause between two. */
function progressWriter(db: Database, id: string, { onChange, onError }: Callbacks) {
  let newest: ExperimentProgress | undefined;
  let writing = Promise.resolve();
  let lastMs = -Infinity;
  const store = async (progress: ExperimentProgress) => {
    if (await setExperimentProgress(db, id, progress)) onChange(id);
  };
  const flush = async () => {
    const progress = newest;
    newest = undefined;
    if (progress) await store(progress).catch(onError);
  };
  return {
    write: (progress: ExperimentProgress) => {
      newest = progress;
      if (performance.now() - lastMs < progressIntervalMs) return;
      lastMs = performance.now();
      writing = writing.then(flush);
    },
    settled: () => (writing = writing.then(flush)),
  };
}
