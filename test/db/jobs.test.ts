/** Jobs on both databases: an experiment that was accepted is run to its end, whoever dies on the way. */
import {
  DatabaseError,
  createExperiment,
  experiments,
  findArtifact,
  findExperiment,
  listExperiments,
  openDatabase,
  openJobs,
  readArtifact,
  saveShard,
  listShards,
  type Database,
  type Experiment,
  type ExperimentOutcome,
  type ExperimentStatus,
  type JobHandler,
  type Jobs,
} from '@demur/db';
import { eq } from 'drizzle-orm';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { onBothDatabases, type DatabaseHome } from './both-databases.ts';
import { startChild } from './child-process.ts';
import { experimentInput, runningExperiment } from './fixtures.ts';

const outcome: ExperimentOutcome = {
  result: { done: true },
  record: {},
  artifacts: { a: { shape: [2], values: Float32Array.of(1.5, 2.5) } },
};

onBothDatabases((home) => {
  const session = new JobSession(home);
  afterEach(() => session.close());
  describe('a worker', () => workerTests(session));
  describe('cancel', () => cancelTests(session));
  describe('after a stop or a crash', () => recoveryTests(session, home));
});

/** An open database with its jobs, for one test at a time. */
class JobSession {
  readonly home: DatabaseHome;
  db!: Database;
  jobs!: Jobs;
  isOpen = false;
  readonly errors: unknown[] = [];

  constructor(home: DatabaseHome) {
    this.home = home;
  }

  async open(onChange?: (id: string) => void): Promise<void> {
    this.db = await openDatabase(this.home.location());
    this.jobs = await openJobs(this.db, {
      heartbeatSeconds: 10,
      onChange,
      onError: (error) => this.errors.push(error),
    });
    this.isOpen = true;
  }

  async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.jobs.stop();
    await this.db.close();
    expect(this.errors.splice(0)).toEqual([]);
  }

  /** An experiment and its job, as the API makes them: both or neither. */
  enqueue(): Promise<Experiment> {
    return this.db.transaction(async (tx) => {
      const experiment = await createExperiment(tx, experimentInput());
      await this.jobs.enqueue(experiment.id, tx);
      return experiment;
    });
  }

  /** The experiment as soon as it has this status. */
  async until(id: string, status: ExperimentStatus): Promise<Experiment> {
    const isThere = () => findExperiment(this.db, id).then((experiment) => experiment?.status);
    await expect.poll(isThere, { interval: 50 }).toBe(status);
    return (await findExperiment(this.db, id))!;
  }
}

/** Runs until it is told to stop. */
const untilAborted: JobHandler = async (_, { signal }) => {
  await sleep(600_000, undefined, { signal });
  return outcome;
};

function workerTests(session: JobSession): void {
  it('runs an experiment, says how far it is, and stores what it returns', async () => {
    const changes: string[] = [];
    await session.open((id) => changes.push(id));
    await session.jobs.work(async (_, { onProgress }) => {
      for (let done = 1; done <= 1_000; done += 1) onProgress({ stage: 'run', done, total: 1_000 });
      return outcome;
    });
    const { id } = await session.enqueue();
    const experiment = await session.until(id, 'SUCCEEDED');
    expect(experiment).toMatchObject({ attempts: 1, result: { done: true }, error: null });
    expect(experiment.progress).toEqual({ stage: 'run', done: 1_000, total: 1_000 });
    const stored = await readArtifact(session.db, (await findArtifact(session.db, id, 'a'))!);
    expect([...stored.values]).toEqual([1.5, 2.5]);
    expect(new Set(changes)).toEqual(new Set([id]));
    expect(changes.length).toBeLessThan(10);
  });

  it('keeps why an experiment failed', async () => {
    await session.open();
    const failures = [
      new DatabaseError('BAD_TOKEN', 'Token 9 is too large.', { path: 'pairs[0].answer' }),
      new Error('boom'),
    ];
    await session.jobs.work(() => Promise.reject(failures.shift()!));
    const expected = await session.until((await session.enqueue()).id, 'FAILED');
    expect(expected.error).toEqual({ code: 'BAD_TOKEN', message: 'Token 9 is too large.', path: 'pairs[0].answer' });
    const unexpected = await session.until((await session.enqueue()).id, 'FAILED');
    expect(unexpected.error).toEqual({ code: 'INTERNAL', message: 'The run ended unexpectedly: boom' });
    expect(unexpected.attempts).toBe(1);
  });

  it('fails an experiment whose result does not fit, and stores nothing of it', async () => {
    await session.open();
    const artifacts = { good: outcome.artifacts.a!, z: { shape: [3], values: new Float32Array(2) } };
    await session.jobs.work(() => Promise.resolve({ ...outcome, artifacts }));
    const { error, id } = await session.until((await session.enqueue()).id, 'FAILED');
    expect(error).toMatchObject({ code: 'ARRAY_SHAPE' });
    expect(await findArtifact(session.db, id, 'good')).toBeUndefined();
  });

  it('runs as many at once as it is told', async () => {
    await session.open();
    let atOnce = 0;
    let most = 0;
    await session.jobs.work(
      async () => {
        most = Math.max(most, (atOnce += 1));
        await sleep(300);
        atOnce -= 1;
        return outcome;
      },
      { concurrency: 2 },
    );
    const ids = (await Promise.all([1, 2, 3, 4].map(() => session.enqueue()))).map(({ id }) => id);
    for (const id of ids) await session.until(id, 'SUCCEEDED');
    expect(most).toBe(2);
  });

  it('does not see an experiment whose transaction was rolled back', async () => {
    await session.open();
    const run: string[] = [];
    await session.jobs.work(({ id }) => {
      run.push(id);
      return Promise.resolve(outcome);
    });
    const rolledBack = session.db.transaction(async (tx) => {
      await session.jobs.enqueue((await createExperiment(tx, experimentInput())).id, tx);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    const { id } = await session.enqueue();
    await session.until(id, 'SUCCEEDED');
    expect(run).toEqual([id]);
  });
}

function cancelTests(session: JobSession): void {
  it('ends an experiment that waits, and it is never run', async () => {
    await session.open();
    const waiting = await session.enqueue();
    expect(await session.jobs.cancel(waiting.id)).toMatchObject({ status: 'CANCELLED' });
    const run: string[] = [];
    await session.jobs.work(({ id }) => {
      run.push(id);
      return Promise.resolve(outcome);
    });
    const next = await session.enqueue();
    await session.until(next.id, 'SUCCEEDED');
    expect(run).toEqual([next.id]);
    await expect(session.jobs.cancel(next.id)).rejects.toMatchObject({ code: 'EXPERIMENT_STATUS' });
  });

  it('stops an experiment that runs', async () => {
    await session.open();
    await session.jobs.work(untilAborted);
    const { id } = await session.enqueue();
    await session.until(id, 'RUNNING');
    await session.jobs.cancel(id);
    const next = await session.enqueue();
    await session.until(next.id, 'RUNNING');
    expect(await findExperiment(session.db, id)).toMatchObject({ status: 'CANCELLED', error: null, result: null });
    await session.jobs.cancel(next.id);
  });

  it('reaches a worker through the database alone', async () => {
    await session.open();
    await session.jobs.work(untilAborted);
    const { id } = await session.enqueue();
    await session.until(id, 'RUNNING');
    await session.db.orm.update(experiments).set({ status: 'CANCELLED' }).where(eq(experiments.id, id));
    const next = await session.enqueue();
    await session.until(next.id, 'RUNNING');
    await session.jobs.cancel(next.id);
  });
}

function recoveryTests(session: JobSession, { driver, location }: DatabaseHome): void {
  it('in good order, the experiment waits for the next start and has lost no attempt', async () => {
    await session.open();
    await session.jobs.work(untilAborted);
    const { id } = await session.enqueue();
    await session.until(id, 'RUNNING');
    await session.close();
    await session.open();
    expect(await findExperiment(session.db, id)).toMatchObject({ status: 'QUEUED', attempts: 0 });
    await session.jobs.work(() => Promise.resolve(outcome));
    expect((await session.until(id, 'SUCCEEDED')).attempts).toBe(1);
  });

  it('while an experiment is being taken up, it waits for the next start and is not run before', async () => {
    const stopped = Promise.withResolvers<void>();
    let closing: Promise<void> | undefined;
    // The first change is that of QUEUED to RUNNING, before the handler is called.
    await session.open(() => void (closing ??= session.close().then(stopped.resolve, stopped.reject)));
    let runs = 0;
    const handler: JobHandler = async (_, { signal }) => {
      runs += 1;
      return sleep(600_000, outcome, { signal });
    };
    await session.jobs.work(handler);
    const { id } = await session.enqueue();
    // Rejects where the stop did not wait for what it put back: that then finds no database.
    await stopped.promise;
    expect(runs).toBe(0);
    await session.open();
    expect(await findExperiment(session.db, id)).toMatchObject({ status: 'QUEUED', attempts: 0 });
    await session.jobs.cancel(id);
  });

  it('of a killed worker process, the experiment is run again, with the shards that were done', async () => {
    await session.open();
    const { id } = await session.enqueue();
    await session.close();
    const child = startChild('database-child.ts', { location: location(), task: 'work' });
    expect(await child.line()).toBe(`${id} 1`);
    await child.kill();
    const start = performance.now();
    await session.open();
    await saveShard(session.db, { experimentId: id, index: 0, status: 'SUCCEEDED', result: null, arrays: {} });
    let shards: number[] = [];
    await session.jobs.work(async () => {
      shards = (await listShards(session.db, id)).map(({ index }) => index);
      return outcome;
    });
    expect((await session.until(id, 'SUCCEEDED')).attempts).toBe(2);
    expect(shards).toEqual([0]);
    console.log(`${driver}: taken over ${((performance.now() - start) / 1_000).toFixed(1)} s after the worker's death`);
  });

  it('of the third worker, the experiment fails and says why', async () => {
    await session.open();
    const { id } = await runningExperiment(session.db);
    await session.db.orm.update(experiments).set({ attempts: 3 }).where(eq(experiments.id, id));
    await session.close();
    await session.open();
    await session.jobs.work(() => Promise.resolve(outcome));
    expect((await session.until(id, 'FAILED')).error).toMatchObject({ code: 'WORKER_DIED', message: /died 3 times/ });
  });

  it('between storing an experiment and queueing it, the experiment is queued', async () => {
    await session.open();
    const { id } = await createExperiment(session.db, experimentInput());
    await session.close();
    const start = performance.now();
    await session.open();
    console.log(`${driver}: database and jobs open in ${(performance.now() - start).toFixed(0)} ms`);
    await session.jobs.work(() => Promise.resolve(outcome));
    await session.until(id, 'SUCCEEDED');
    const { items } = await listExperiments(session.db, { first: 100, filter: { statuses: ['QUEUED', 'RUNNING'] } });
    expect(items).toEqual([]);
  });
}
