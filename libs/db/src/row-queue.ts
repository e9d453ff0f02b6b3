/**
 * A queue of pg-boss whose jobs have the ids of a table's rows: a row that is queued is run to its end, whoever dies on the
 * way. What the rows are, and what running one means, is their own module's part.
 */
import type { Job, PgBoss } from 'pg-boss';
import type { Database, Session } from './database.ts';
import { DatabaseUnreachableError, RowStatusError, expectedFailure } from './errors.ts';
import { newId } from './new-id.ts';
import type { ExperimentError } from './schema/experiments.ts';

export interface RowQueueOptions {
  name: string;
  table: 'experiments' | 'model_checks' | 'studies';
  /** A worker that has not been heard of for this long is dead; at least 10. */
  heartbeatSeconds: number;
  /** How often a job may be put back, or lose its worker. */
  retryLimit: number;
}

/** The way of a row. A change that comes too late, for another process has ended the row, throws a `RowStatusError`. */
export interface RowSteps<Row, Outcome> {
  /** QUEUED to RUNNING, also from RUNNING when the worker before has died; undefined if the row is not to be run. */
  start(id: string): Promise<Row | undefined>;
  /** Runs a row and returns what it found. What it throws ends the row with `fail`. The signal: cancelled, or stopping. */
  run(row: Row, context: { signal: AbortSignal }): Promise<Outcome>;
  succeed(id: string, outcome: Outcome): Promise<unknown>;
  fail(id: string, error: ExperimentError): Promise<unknown>;
  /** Leaves a running row to the next start. */
  putBack(id: string): Promise<unknown>;
  /** False once another process has ended the row. */
  isRunning(id: string): Promise<boolean>;
  /** After a row has left this worker, however it ended. */
  onLeft?(id: string): void;
}

/** pg-boss takes no more than a day; a run that is longer is put back and goes on from what it has stored. */
const expireInSeconds = 24 * 60 * 60;
const retentionSeconds = 10 * 365 * 24 * 60 * 60;
const watchIntervalMs = 2_000;

export class RowQueue {
  /** Rows that no job would bring to an end, oldest first: their process died. What becomes of them is the caller's part. */
  readonly orphans: readonly string[];
  readonly #boss: PgBoss;
  readonly #name: string;
  readonly #cancelling = new Map<string, AbortController>();
  readonly #stopping = new AbortController();

  private constructor(boss: PgBoss, name: string, orphans: readonly string[]) {
    this.#boss = boss;
    this.#name = name;
    this.orphans = orphans;
  }

  static async open(db: Database, boss: PgBoss, { name, table, ...limits }: RowQueueOptions): Promise<RowQueue> {
    const settings = { ...limits, retryDelay: 0, expireInSeconds, retentionSeconds };
    await boss.createQueue(name, { notify: true, ...settings });
    await boss.updateQueue(name, settings);
    // pg-boss asks for a queue once, on its own connection: inside a transaction of PGlite that would wait for itself.
    await boss.getJobById(name, newId());
    return new RowQueue(boss, name, await takeOrphans(db, boss, { name, table }));
  }

  /** Queues a row. With the session that created it, both happen or neither. */
  async enqueue(id: string, session?: Session): Promise<void> {
    await this.#boss.send(this.#name, {}, { id, ...(session && { db: session }) });
  }

  /** Takes up queued rows, `concurrency` (1) at a time, until `stop`. Where more wait, the next follows at once. */
  async work<Row, Outcome>(steps: RowSteps<Row, Outcome>, { concurrency = 1 } = {}): Promise<void> {
    const options = { localConcurrency: concurrency, notifyPollingIntervalSeconds: 5 };
    const worker = await this.#boss.work<object>(this.#name, options, async ([job]) => {
      if (job) await this.#runJob(job, steps).finally(() => this.#boss.notifyWorker(worker));
    });
  }

  /** Aborts a row that runs here and that has been cancelled. */
  abort(id: string): void {
    this.#cancelling.get(id)?.abort(new Error('It was cancelled.'));
  }

  /**
   * Takes up no more rows, aborts those that run here and puts them back. In this order: what is put back while this
   * process still takes up rows would come to it again.
   */
  async stop(): Promise<void> {
    await this.#boss.offWork(this.#name, { wait: false });
    this.#stopping.abort(new Error('The worker stops.'));
  }

  async #runJob<Row, Outcome>(job: Job, steps: RowSteps<Row, Outcome>): Promise<void> {
    // Fetched while the queue stopped.
    this.#stopping.signal.throwIfAborted();
    const row = await unlessEnded(steps.start(job.id));
    if (row === undefined) return;
    const cancelling = new AbortController();
    this.#cancelling.set(job.id, cancelling);
    const watch = setInterval(() => void watchForCancel(job.id, steps, cancelling), watchIntervalMs).unref();
    const stopping = AbortSignal.any([this.#stopping.signal, job.signal]);
    try {
      await runToEnd(job.id, row, { steps, stopping, cancelling: cancelling.signal });
    } finally {
      clearInterval(watch);
      this.#cancelling.delete(job.id);
      steps.onLeft?.(job.id);
    }
  }
}

/**
 * Ids of the open rows without a job under way, oldest first; what is left of their jobs is deleted. On PGlite no other
 * process can be alive, so an active job is an orphan's as well; on PostgreSQL the missing heartbeat tells.
 */
async function takeOrphans(
  db: Database,
  boss: PgBoss,
  { name, table }: Pick<RowQueueOptions, 'name' | 'table'>,
): Promise<string[]> {
  const ended = ['completed', 'failed', 'cancelled', ...(db.driver === 'pglite' ? ['active'] : [])];
  const { rows } = await db.executeSql<{ id: string; hasJob: boolean }>(
    `SELECT r.id, j.id IS NOT NULL AS "hasJob"
     FROM ${table} r LEFT JOIN pgboss.job j ON j.name = $1 AND j.id = r.id::uuid
     WHERE r.status IN ('QUEUED', 'RUNNING') AND (j.id IS NULL OR j.state::text = ANY($2::text[]))
     ORDER BY r.id`,
    [name, ended],
  );
  for (const { id, hasJob } of rows) if (hasJob) await boss.deleteJob(name, id);
  return rows.map(({ id }) => id);
}

/** Cancelled: nothing to do. Stopping, or the database is away: the job goes back into the queue. Else the row fails. */
async function runToEnd<Row, Outcome>(
  id: string,
  row: Row,
  options: { steps: RowSteps<Row, Outcome>; stopping: AbortSignal; cancelling: AbortSignal },
): Promise<void> {
  const { steps, stopping, cancelling } = options;
  const signal = AbortSignal.any([stopping, cancelling]);
  try {
    signal.throwIfAborted();
    const outcome = await steps.run(row, { signal });
    await unlessEnded(steps.succeed(id, outcome));
  } catch (error) {
    if (cancelling.aborted) return;
    if (expectedFailure(error) instanceof DatabaseUnreachableError) throw error;
    if (stopping.aborted) {
      await unlessEnded(steps.putBack(id));
      throw error;
    }
    await unlessEnded(steps.fail(id, describe(error)));
  }
}

/** A process that cancels a row tells others by the row alone. */
async function watchForCancel<Row, Outcome>(
  id: string,
  steps: RowSteps<Row, Outcome>,
  cancelling: AbortController,
): Promise<void> {
  const isRunning = await steps.isRunning(id).catch(() => true);
  if (!isRunning) cancelling.abort(new Error('It was cancelled.'));
}

/** What a change returns, or undefined where another process has ended the row in the meantime: that stands. */
async function unlessEnded<Changed>(change: Promise<Changed>): Promise<Changed | undefined> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof RowStatusError)) throw error;
  }
}

/** What is stored of an error: an expected one as it says, any other as INTERNAL with its message. */
export function describe(error: unknown): ExperimentError {
  const failure = expectedFailure(error) ?? error;
  if (!(failure instanceof Error)) return { code: 'INTERNAL', message: String(failure) };
  const { code, path, message } = failure as Error & { code?: unknown; path?: unknown };
  const isOurs = typeof code === 'string' && /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(code) && !code.startsWith('ERR_');
  if (!isOurs) return { code: 'INTERNAL', message: `The run ended unexpectedly: ${message}` };
  return { code, message, ...(typeof path === 'string' && { path }) };
}
