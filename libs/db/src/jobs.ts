/** Experiments as jobs of pg-boss: queued, taken up by a worker, retried when the worker dies. Not the running itself. */
import { PgBoss, type ConstructorOptions, type Job } from 'pg-boss';
import { completeExperiment, type ExperimentOutcome } from './complete-experiment.ts';
import type { Database, Session } from './database.ts';
import { DatabaseError, DatabaseUnreachableError, expectedFailure } from './errors.ts';
import { openModelCheckJobs, type ModelCheckJobs } from './model-check-jobs.ts';
import { newId } from './new-id.ts';
import { takeOrphans } from './orphans.ts';
import {
  ExperimentStatusError,
  cancelExperiment,
  failExperiment,
  findExperiment,
  findExperimentStatus,
  requeueExperiment,
  setExperimentProgress,
  startExperiment,
} from './repositories/experiments.ts';
import type { Experiment, ExperimentError, ExperimentProgress } from './schema/experiments.ts';
import { openStudyJobs, type StudyJobs } from './study-jobs.ts';
import { takeUpJobs } from './take-up-jobs.ts';

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

const queue = 'experiment';
const progressIntervalMs = 250;
const watchIntervalMs = 2_000;
const stopTimeoutMs = 15_000;
/** pg-boss takes no more than a day; a run that is longer is put back and goes on from its shards. */
const expireInSeconds = 24 * 60 * 60;
const retentionSeconds = 10 * 365 * 24 * 60 * 60;

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
  const limits = { retryLimit: 1_000, retryDelay: 0, expireInSeconds, retentionSeconds, heartbeatSeconds };
  await boss.createQueue(queue, { notify: true, ...limits });
  await boss.updateQueue(queue, limits);
  await warmQueueCache(boss);
  for (const id of await takeOrphans(db, boss, { queue, table: 'experiments' })) await boss.send(queue, {}, { id });
  const modelChecks = await openModelCheckJobs(db, boss, { describe, onError, heartbeatSeconds });
  const studies = await openStudyJobs(db, boss, { describe, heartbeatSeconds });
  return jobsOf(db, boss, { onChange, onError, modelChecks, studies });
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

/** pg-boss asks for the queue once, on its own connection: inside a transaction of PGlite that would wait for itself. */
async function warmQueueCache(boss: PgBoss): Promise<void> {
  await boss.getJobById(queue, newId());
}

type Callbacks = Required<Pick<JobOptions, 'onChange' | 'onError'>>;

function jobsOf(
  db: Database,
  boss: PgBoss,
  { modelChecks, studies, ...callbacks }: Callbacks & Pick<Jobs, 'modelChecks' | 'studies'>,
): Jobs {
  const running = new Map<string, AbortController>();
  return {
    ...{ modelChecks, studies },
    enqueue: async (experimentId, session) => {
      await boss.send(queue, {}, { id: experimentId, ...(session && { db: session }) });
      if (!session) callbacks.onChange(experimentId);
    },
    work: (handler, { concurrency } = {}) =>
      takeUpJobs(boss, queue, { concurrency, run: (job) => runJob(db, job, { ...callbacks, handler, running }) }),
    cancel: async (experimentId) => {
      const experiment = await cancelExperiment(db, experimentId);
      running.get(experimentId)?.abort(new ExperimentStopped('cancelled'));
      callbacks.onChange(experimentId);
      return experiment;
    },
    stop: async () => {
      studies.stop();
      modelChecks.stop();
      for (const controller of running.values()) controller.abort(new ExperimentStopped('stopping'));
      await boss.stop({ graceful: true, timeout: stopTimeoutMs });
    },
  };
}

/** The reason of an abort. Not a failure of the experiment. */
class ExperimentStopped extends Error {
  readonly why: 'cancelled' | 'stopping';

  constructor(why: 'cancelled' | 'stopping') {
    super(why === 'cancelled' ? 'The experiment was cancelled.' : 'The worker stops.');
    this.why = why;
  }
}

interface Worker extends Callbacks {
  handler: JobHandler;
  running: Map<string, AbortController>;
}

async function runJob(db: Database, job: Job, worker: Worker): Promise<void> {
  const experiment = await takeUp(db, job.id);
  worker.onChange(job.id);
  if (experiment?.status !== 'RUNNING') return;
  const controller = new AbortController();
  worker.running.set(job.id, controller);
  const abortOnExpiry = () => controller.abort(new ExperimentStopped('stopping'));
  job.signal.addEventListener('abort', abortOnExpiry);
  const watch = watchForCancel(db, job.id, controller);
  try {
    await runToEnd(db, experiment, { ...worker, controller });
  } finally {
    clearInterval(watch);
    job.signal.removeEventListener('abort', abortOnExpiry);
    worker.running.delete(job.id);
    worker.onChange(job.id);
  }
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

async function runToEnd(
  db: Database,
  experiment: Experiment,
  { handler, controller, onChange, onError }: Worker & { controller: AbortController },
): Promise<void> {
  const { id } = experiment;
  const progress = progressWriter(db, id, { controller, onChange, onError });
  try {
    const outcome = await handler(experiment, { signal: controller.signal, onProgress: progress.write });
    await progress.settled();
    await completeExperiment(db, id, outcome);
  } catch (error) {
    await progress.settled();
    await endWithoutResult(db, id, { error, reason: controller.signal.reason });
  }
}

/** Cancelled: nothing to do. Stopping, or the database is away: back into the queue. Else the experiment failed. */
async function endWithoutResult(db: Database, id: string, { error, reason }: { error: unknown; reason: unknown }) {
  const stopped = reason instanceof ExperimentStopped ? reason : undefined;
  if (stopped?.why === 'cancelled') return;
  if (expectedFailure(error) instanceof DatabaseUnreachableError) throw error;
  if (stopped) {
    await requeueExperiment(db, id, { uncounted: true });
    throw stopped;
  }
  try {
    await failExperiment(db, id, describe(error));
  } catch (failure) {
    // Cancelled, or ended by another worker, in the meantime: that stands.
    if (!(failure instanceof ExperimentStatusError)) throw failure;
  }
}

function watchForCancel(db: Database, id: string, controller: AbortController): NodeJS.Timeout {
  const look = async () => {
    const status = await findExperimentStatus(db, id).catch(() => 'RUNNING' as const);
    if (status !== 'RUNNING') controller.abort(new ExperimentStopped('cancelled'));
  };
  return setInterval(() => void look(), watchIntervalMs).unref();
}

/** Writes the newest progress, one write at a time and with a pause between two. */
function progressWriter(
  db: Database,
  id: string,
  { controller, onChange, onError }: Callbacks & { controller: AbortController },
) {
  let newest: ExperimentProgress | undefined;
  let writing = Promise.resolve();
  let lastMs = -Infinity;
  const store = async (progress: ExperimentProgress) => {
    if (await setExperimentProgress(db, id, progress)) onChange(id);
    else controller.abort(new ExperimentStopped('cancelled'));
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

/** What is stored of an error: an expected one as it says, any other as INTERNAL with its message. */
function describe(error: unknown): ExperimentError {
  const failure = expectedFailure(error) ?? error;
  if (!(failure instanceof Error)) return { code: 'INTERNAL', message: String(failure) };
  const { code, path, message } = failure as Error & { code?: unknown; path?: unknown };
  const isOurs = typeof code === 'string' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code) && !code.startsWith('ERR_');
  if (!isOurs) return { code: 'INTERNAL', message: `The run ended unexpectedly: ${message}` };
  return { code, message, ...(typeof path === 'string' && { path }) };
}
