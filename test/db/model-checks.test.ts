/** Checks of models on both databases: asked for once, made by a worker, kept with what they have found. */
import {
  endModelCheck,
  failModelCheck,
  listModelChecks,
  ModelCheckNotOpenError,
  openDatabase,
  openJobs,
  registerModel,
  requestModelCheck,
  setModelCheckProgress,
  type Database,
  type ModelCheckHandler,
  type ModelCheckOutcome,
} from '@demur/db';
import { describe, expect, it } from 'vitest';
import { onBothDatabases, withBothDatabases } from './both-databases.ts';

const outcome: ModelCheckOutcome = {
  passed: false,
  backend: 'wasm',
  backendVersion: '4.22.0',
  version: '0.1.0',
  weightsSha256: 'f'.repeat(64),
  results: [{ name: 'causality', measured: 1e-7 }],
};

async function modelId(db: Database, slug: string): Promise<string> {
  const input = { sourcePath: '/models/tiny', format: 'huggingface', family: 'llama', config: { nLayers: 2 } };
  return (await registerModel(db, { ...input, slug })).id;
}

withBothDatabases((database) => {
  describe('a check of a model', () => {
    it('is asked for once, however often; then again when it has ended', async () => {
      const model = await modelId(database(), 'once');
      const requests = await Promise.all([1, 2, 3].map(() => requestModelCheck(database(), model)));
      expect(new Set(requests.map(({ check }) => check.id)).size).toBe(1);
      expect(requests.filter(({ isNew }) => isNew)).toHaveLength(1);
      const { id } = requests[0]!.check;
      expect(await setModelCheckProgress(database(), id, { stage: 'run', done: 1, total: 4 })).toMatchObject({
        status: 'RUNNING',
        progress: { done: 1 },
      });
      await endModelCheck(database(), id, outcome);
      const { check, isNew } = await requestModelCheck(database(), model);
      expect(isNew).toBe(true);
      await failModelCheck(database(), check.id, { code: 'NOPE', message: 'It could not be made.' });
      expect(await listModelChecks(database(), model)).toMatchObject([
        { status: 'FAILED', error: { code: 'NOPE' }, passed: null },
        { status: 'ENDED', progress: null, ...outcome, finishedAt: expect.any(Date) as Date },
      ]);
      expect(await listModelChecks(database(), await modelId(database(), 'other'))).toEqual([]);
    });

    it('does not change once it has ended', async () => {
      const { check } = await requestModelCheck(database(), await modelId(database(), 'ended'));
      await endModelCheck(database(), check.id, outcome);
      await expect(setModelCheckProgress(database(), check.id, null)).rejects.toThrow(ModelCheckNotOpenError);
    });
  });
});

onBothDatabases((home) => {
  it('is made by a worker, and what it throws is kept', async () => {
    const db = await openDatabase(home.location());
    const jobs = await openJobs(db);
    const ask = async (slug: string) => {
      const model = await modelId(db, slug);
      await db.transaction(async (tx) => {
        const { check } = await requestModelCheck(tx, model);
        await jobs.modelChecks.enqueue(check.id, tx);
      });
      return model;
    };
    const handler: ModelCheckHandler = async ({ modelId: id }, { onProgress }) => {
      onProgress({ stage: 'run', done: 1, total: 2 });
      if (id === bad) throw new ModelCheckNotOpenError(id);
      return Promise.resolve(outcome);
    };
    const good = await ask('good');
    const bad = await ask('bad');
    await jobs.modelChecks.work(handler);
    const last = async (model: string) => (await listModelChecks(db, model))[0];
    await expect.poll(() => last(good)).toMatchObject({ status: 'ENDED', ...outcome });
    await expect.poll(() => last(bad)).toMatchObject({ status: 'FAILED', error: { code: 'MODEL_CHECK_NOT_OPEN' } });
    await jobs.stop();
    await db.close();
  });

  it('ends as failed when its job is gone, and goes on after a stop', async () => {
    let db = await openDatabase(home.location());
    let jobs = await openJobs(db);
    const [lost, stopped] = [await modelId(db, 'lost'), await modelId(db, 'stopped')];
    await requestModelCheck(db, lost);
    await db.transaction(async (tx) => jobs.modelChecks.enqueue((await requestModelCheck(tx, stopped)).check.id, tx));
    const started = Promise.withResolvers<void>();
    await jobs.modelChecks.work((_, { signal }) => {
      started.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    });
    await started.promise;
    await jobs.stop();
    await db.close();
    db = await openDatabase(home.location());
    jobs = await openJobs(db);
    expect((await listModelChecks(db, lost))[0]).toMatchObject({ status: 'FAILED', error: { code: 'WORKER_DIED' } });
    await jobs.modelChecks.work(() => Promise.resolve(outcome));
    await expect
      .poll(async () => (await listModelChecks(db, stopped))[0])
      .toMatchObject({ status: 'ENDED', passed: false });
    await jobs.stop();
    await db.close();
  });
});
