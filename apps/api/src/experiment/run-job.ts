/** A job of the queue: runs an experiment on the engine pool and gives back what the database keeps. */
import type { Database, ExperimentOutcome, JobHandler } from '@demur/db';
import { parseSpec, runExperiment, type EnginePool, type ExperimentResult } from '@demur/interp';
import { completionRows } from '../completion/completion-rows.ts';
import type { DataSets } from '../data-set/data-sets.ts';
import type { Directions } from '../direction/directions.ts';
import type { Models } from '../model/models.ts';
import { experimentShards } from './experiment-shards.ts';
import { foundExperiment } from './found-experiment.ts';

/** What a job needs. The pool is opened when the first job comes, or earlier. */
export interface RunJobOptions {
  pool: () => Promise<EnginePool>;
  database: Database;
  models: Models;
  dataSets: DataSets;
  directions: Directions;
}

/** The handler of the queue. What it throws ends the experiment as FAILED with its code, sentence and path. */
export function runJob({ pool, database, models, dataSets, directions }: RunJobOptions): JobHandler {
  return async (experiment, { signal, onProgress }) =>
    outcomeOf(
      await runExperiment(parseSpec(experiment.spec), {
        pool: await pool(),
        shards: experimentShards(database, experiment.id),
        signal,
        onProgress,
        resolveModel: (name) =>
          models.pathOf(name, { signal, onProgress: (bytes) => onProgress({ stage: 'download', ...bytes }) }),
        resolvePairs: async (slug) => (await dataSets.resolve(slug))?.pairs,
        resolveFile: (file) => models.allowedFile(file),
        resolveExperiment: (id) => foundExperiment(database, id),
        resolveDirection: (slug) => directions.place(slug),
      }),
    );
}

function outcomeOf({ result, arrays }: ExperimentResult): ExperimentOutcome {
  const { record } = result;
  return { result, record, ...circuitOf({ result, arrays }), completions: completionRows(result) };
}

/**
 * The arrays, and the axes of the circuit that some of them are. ACDC alone measures effects where other methods have
 * scores: they are its edges' scores, 0 of those that it did not try.
 */
function circuitOf({ result, arrays }: ExperimentResult): Pick<ExperimentOutcome, 'artifacts' | 'circuit'> {
  const { senders, receivers } = result;
  const { mask, effects, scores = effects } = arrays;
  if (senders === undefined || receivers === undefined || mask === undefined || scores === undefined)
    return { artifacts: arrays };
  const values = scores.values.map((value) => (Number.isNaN(value) ? 0 : value));
  return { artifacts: { ...arrays, scores: { ...scores, values } }, circuit: { senders, receivers } };
}
