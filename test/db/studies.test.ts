/** Studies on both databases: asked for once, run by a worker from their experiments, cancelled, and found again after a stop. */
import {
  cancelExperiment,
  countStudies,
  createExperiment,
  createDataSet,
  findStudy,
  linkStudyStep,
  listOwnOpenExperiments,
  listStudies,
  listStudySteps,
  openDatabase,
  openJobs,
  readStudyReport,
  registerModel,
  requestStudy,
  setStudyProgress,
  startStudy,
  StudyNotFoundError,
  StudyStatusError,
  type Database,
  type Jobs,
  type Session,
  type StudyHandler,
  type StudyInput,
  type StudySummary,
} from '@demur/db';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { onBothDatabases, withBothDatabases } from './both-databases.ts';
import { experimentInput } from './fixtures.ts';

const options = { seed: 0, evenIfMixed: false };

function studyInput(hash: string, change: Partial<StudyInput> = {}): StudyInput {
  return { name: 'layer-curve', model: 'tiny', dataSet: 'refusal', options, hash, ...change };
}

async function runningStudy(session: Session, hash: string): Promise<StudySummary> {
  return startStudy(session, (await requestStudy(session, studyInput(hash))).study.id);
}

/** A queued experiment as the next step of a study. */
async function step(session: Session, studyId: string, index: number): Promise<string> {
  const { id } = await createExperiment(session, experimentInput());
  await linkStudyStep(session, { studyId, index, name: `step-${index}`, title: 'A step', experimentId: id });
  return id;
}

withBothDatabases((database) => {
  describe('a study', () => {
    it('is asked for once while it waits, runs or has succeeded', async () => {
      const ask = (hash: string) => requestStudy(database(), studyInput(hash));
      const requests = await Promise.all([1, 2, 3].map(() => ask('once')));
      expect(new Set(requests.map(({ study }) => study.id)).size).toBe(1);
      expect(requests.filter(({ isNew }) => isNew)).toHaveLength(1);
      const { id } = requests[0]!.study;
      await startStudy(database(), id);
      expect(await ask('once')).toMatchObject({ study: { id, status: 'RUNNING' }, isNew: false });
      expect((await ask('another')).study.id).not.toBe(id);
    });

    it('is listed newest first, by name, model, data set and status', async () => {
      const rows: StudySummary[] = [];
      for (const name of ['eap-heads', 'acdcpp', 'eap-heads'])
        rows.push(
          (await requestStudy(database(), studyInput(`listed-${rows.length}`, { name, model: 'listed' }))).study,
        );
      const ids = rows.map(({ id }) => id).reverse();
      const page = await listStudies(database(), { first: 2, filter: { model: 'listed' } });
      expect(page).toMatchObject({ items: [{ id: ids[0] }, { id: ids[1] }], hasNextPage: true });
      const next = await listStudies(database(), { first: 2, after: ids[1], filter: { model: 'listed' } });
      expect(next).toMatchObject({ items: [{ id: ids[2] }], hasNextPage: false });
      expect(await countStudies(database(), { model: 'listed', names: ['eap-heads'], statuses: ['QUEUED'] })).toBe(2);
      expect(await countStudies(database(), { model: 'listed', dataSet: 'ioi' })).toBe(0);
    });

    it('has its experiments in order, one of each step', async () => {
      const { id } = await runningStudy(database(), 'ordered');
      const [second, first] = [await step(database(), id, 1), await step(database(), id, 0)];
      const again = await step(database(), id, 1);
      const steps = await listStudySteps(database(), id);
      expect(steps.map(({ name, experiment }) => [name, experiment.id])).toEqual([
        ['step-0', first],
        ['step-1', again],
      ]);
      expect(second).not.toBe(again);
    });

    it('owns the open experiments that were made for it alone', async () => {
      const older = await createExperiment(database(), experimentInput());
      const one = await runningStudy(database(), 'owner');
      const other = await runningStudy(database(), 'other owner');
      const link = (studyId: string, index: number, experimentId: string) =>
        linkStudyStep(database(), { studyId, index, name: `step-${index}`, title: 'A step', experimentId });
      await link(one.id, 0, older.id);
      const ended = await step(database(), one.id, 1);
      await cancelExperiment(database(), ended);
      const shared = await step(database(), one.id, 2);
      await link(other.id, 0, shared);
      const own = await step(database(), one.id, 3);
      expect(await listOwnOpenExperiments(database(), one.id)).toEqual([own]);
      expect(await listOwnOpenExperiments(database(), other.id)).toEqual([]);
    });

    it('tells how far it is only while it runs', async () => {
      const { study } = await requestStudy(database(), studyInput('waiting'));
      const progress = { step: 'contrast', title: 'The contrast', index: 0, total: 3 };
      await expect(setStudyProgress(database(), study.id, progress)).rejects.toThrow(`The study ${study.id} is QUEUED`);
      await startStudy(database(), study.id);
      expect(await setStudyProgress(database(), study.id, progress)).toMatchObject({ progress });
      await expect(readStudyReport(database(), 'nowhere')).rejects.toThrow(StudyNotFoundError);
    });

    it('outlives its model and its data set', async () => {
      const config = { nLayers: 2 };
      const input = { slug: 'gone', sourcePath: '/models/gone', format: 'huggingface', family: 'llama', config };
      const { id: modelId } = await registerModel(database(), input);
      const { id: dataSetId } = await createDataSet(database(), { slug: 'gone', name: 'Gone', pairs: [] });
      const { study } = await requestStudy(database(), studyInput('survivor', { modelId, dataSetId }));
      await database().executeSql('DELETE FROM models WHERE id = $1', [modelId]);
      await database().executeSql('DELETE FROM data_sets WHERE id = $1', [dataSetId]);
      expect(await findStudy(database(), study.id)).toMatchObject({ model: 'tiny', modelId: null, dataSetId: null });
    });
  });
});

/** Waits until it is told to stop. */
const untilAborted: StudyHandler = (_, { signal }) => sleep(600_000, { stopped: null }, { signal });

/** The database and its queue, open. */
interface Home {
  db: Database;
  jobs: Jobs;
}

onBothDatabases((home) => {
  const open = async (): Promise<Home> => {
    const db = await openDatabase(home.location());
    return { db, jobs: await openJobs(db, { heartbeatSeconds: 10 }) };
  };
  const close = async ({ db, jobs }: Home): Promise<void> => {
    await jobs.stop();
    await db.close();
  };
  const ask = ({ db, jobs }: Home, hash: string): Promise<string> =>
    db.transaction(async (tx) => {
      const { study } = await requestStudy(tx, studyInput(hash));
      await jobs.studies.enqueue(study.id, tx);
      return study.id;
    });
  const until = ({ db }: Home, id: string, wanted: object) =>
    expect.poll(() => findStudy(db, id), { interval: 50 }).toMatchObject(wanted);

  it('is made by a worker, and what it throws is kept; asked for again it is made again', async () => {
    const here = await open();
    const [good, mixed, bad] = [await ask(here, 'good'), await ask(here, 'mixed'), await ask(here, 'bad')];
    await here.jobs.studies.work(({ hash }) =>
      hash === 'bad'
        ? Promise.reject(new StudyNotFoundError('bad'))
        : Promise.resolve({ stopped: hash === 'mixed' ? 'There is nothing to find.' : null, sections: ['\0'] }),
    );
    await until(here, good, { status: 'SUCCEEDED', stopped: null, finishedAt: expect.any(Date) as Date });
    await until(here, mixed, { status: 'SUCCEEDED', stopped: 'There is nothing to find.' });
    expect(await readStudyReport(here.db, good)).toEqual({ stopped: null, sections: ['\0'] });
    await until(here, bad, { status: 'FAILED', error: { code: 'STUDY_NOT_FOUND' } });
    expect((await requestStudy(here.db, studyInput('good'))).isNew).toBe(false);
    const again = await requestStudy(here.db, studyInput('bad'));
    expect(again.isNew).toBe(true);
    await here.jobs.studies.cancel(again.study.id);
    await close(here);
  });

  it('is cancelled while it waits or runs, here or from another process, and not once it has ended', async () => {
    const here = await open();
    const [running, waiting, told] = [await ask(here, 'runs'), await ask(here, 'waits'), await ask(here, 'told')];
    await here.jobs.studies.work(untilAborted);
    await until(here, running, { status: 'RUNNING' });
    for (const id of [waiting, running])
      expect(await here.jobs.studies.cancel(id)).toMatchObject({ status: 'CANCELLED' });
    await until(here, told, { status: 'RUNNING' });
    await here.db.executeSql("UPDATE studies SET status = 'CANCELLED' WHERE id = $1", [told]);
    const next = await ask(here, 'next');
    await until(here, next, { status: 'RUNNING' });
    await here.jobs.studies.cancel(next);
    await expect(here.jobs.studies.cancel(next)).rejects.toThrow(StudyStatusError);
    await close(here);
  });

  it('goes on after a stop, and when its job is gone', async () => {
    let here = await open();
    const stopped = await ask(here, 'stopped');
    const lost = await runningStudy(here.db, 'lost');
    await here.jobs.studies.work(untilAborted);
    await until(here, stopped, { status: 'RUNNING' });
    const { startedAt } = (await findStudy(here.db, stopped))!;
    await close(here);
    here = await open();
    expect(await findStudy(here.db, stopped)).toMatchObject({ status: 'QUEUED' });
    await here.jobs.studies.work(() => Promise.resolve({ stopped: null }));
    await until(here, stopped, { status: 'SUCCEEDED', startedAt });
    await until(here, lost.id, { status: 'SUCCEEDED' });
    await close(here);
  });
});
