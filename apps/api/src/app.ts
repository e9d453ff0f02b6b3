/** Everything behind the GraphQL schema: the database, the queue, the engine, and the nouns that work on them. */
import { findExperiment, openDatabase, openJobs, type Database, type Jobs } from '@demur/db';
import { Circuits } from './circuit/circuits.ts';
import { DataSets } from './data-set/data-sets.ts';
import { Directions } from './direction/directions.ts';
import { Engine } from './engine.ts';
import { Estimates } from './estimate/estimates.ts';
import type { Env } from './env.ts';
import { Experiments } from './experiment/experiments.ts';
import { progressChannel } from './experiment/progress-channel.ts';
import { runJob } from './experiment/run-job.ts';
import { toProgress } from './experiment/to-experiment.ts';
import { Models } from './model/models.ts';
import { ModelChecks } from './model-check/model-checks.ts';
import { Studies } from './study/studies.ts';
import { Tokens } from './token/tokens.ts';

export interface App {
  circuits: Circuits;
  dataSets: DataSets;
  directions: Directions;
  engine: Engine;
  estimates: Estimates;
  experiments: Experiments;
  models: Models;
  modelChecks: ModelChecks;
  studies: Studies;
  tokens: Tokens;
  /** Starts to run what is queued; opens the engine. */
  work(): Promise<void>;
  /** Ends the engine, puts back what runs, and closes the database. */
  close(): Promise<void>;
}

/** Opens the database and what stands on it. Nothing runs before `work`. Throws the database's errors. */
export async function openApp(env: Env): Promise<App> {
  const database = await openDatabase({ dataDir: env.dataDir, url: env.databaseUrl });
  try {
    const jobs = await openJobs(database, {
      onChange: (id) => void publish(database, id).catch(logError),
      onError: logError,
    });
    return createApp(env, database, jobs);
  } catch (error) {
    await database.close();
    throw error;
  }
}

function createApp(env: Env, database: Database, jobs: Jobs): App {
  const engine = new Engine(env);
  const models = new Models(database, { roots: env.modelRoots, mayDownload: env.mayDownload });
  const dataSets = new DataSets(database, models);
  const directions = new Directions(database);
  const modelChecks = new ModelChecks(database, jobs);
  const experiments = new Experiments({ database, jobs, models, dataSets, directions });
  const studies = new Studies({ database, jobs, models, dataSets, experiments });
  return {
    ...{ engine, models, modelChecks, dataSets, directions },
    circuits: new Circuits(database),
    ...{ experiments, studies },
    estimates: new Estimates(experiments, () => engine.pool()),
    tokens: new Tokens(database),
    work: async () => {
      void engine.pool().catch(logError);
      await jobs.work(runJob({ pool: () => engine.pool(), database, models, dataSets, directions }));
      await jobs.modelChecks.work(modelChecks.handler(() => engine.pool()));
      await jobs.studies.work(studies.handler());
    },
    close: async () => {
      await models.close();
      await jobs.stop();
      await engine.close();
      await database.close();
    },
  };
}

async function publish(database: Database, id: string): Promise<void> {
  const row = await findExperiment(database, id);
  if (row !== undefined) progressChannel.publish('progress', id, toProgress(row));
}

function logError(error: unknown): void {
  console.error('in the background:', error);
}
