/** A process that opens a database and does one task; the test that started it kills it. */
import { completeExperiment, openDatabase, openJobs, type Database, type DatabaseLocation } from '@demur/db';
import { smallCircuit } from './fixtures.ts';

export interface ChildTask {
  location: DatabaseLocation;
  /** `open` and close again; `hold` it; `half-complete` an experiment, with no COMMIT; `work` on jobs without an end. */
  task: 'open' | 'hold' | 'half-complete' | 'work';
  experimentId?: string;
}

const forever = new Promise<never>(() => setInterval(() => undefined, 1_000));

const tasks: Record<ChildTask['task'], (database: Database, child: ChildTask) => Promise<unknown>> = {
  open: async (database) => {
    await database.close();
    console.log('closed');
    process.exit(0);
  },
  hold: async () => {
    console.log('open');
    await forever;
  },
  'half-complete': (database, { experimentId = '' }) =>
    database.transaction(async (session) => {
      const { senders, receivers, shape, scores, mask } = smallCircuit();
      const artifacts = { scores: { shape, values: scores }, mask: { shape, values: mask } };
      await completeExperiment(session, experimentId, {
        result: 1,
        record: 2,
        artifacts,
        circuit: { senders, receivers },
      });
      console.log('written');
      await forever;
    }),
  work: async (database) => {
    const jobs = await openJobs(database, { heartbeatSeconds: 10 });
    await jobs.work(({ id, attempts }) => {
      console.log(`${id} ${attempts}`);
      return forever;
    });
    await forever;
  },
};

const child = JSON.parse(process.argv[2] ?? '') as ChildTask;
await tasks[child.task](await openDatabase(child.location), child);
