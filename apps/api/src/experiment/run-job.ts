/** A job of the queue: runs an experiment on the engine pool and gives back what the database keeps. */
import type { ExperimentOutcome, JobHandler } from '@demur/db';
import { parseSpec, runExperiment, type EnginePool, type ExperimentResult } from '@demur/interp';
import { completionRows } from '../completion/completion-rows.ts';
import type { DataSets } from '../data-set/data-sets.ts';
import type { Directions } from '../direction/directions.ts';
import type { Models } from '../model/models.ts';

/** What a job needs. The pool is opened when the first job comes, or earlier. */
export interface RunJobOptions {
  pool: () => Promise<EnginePool>;
  models: Models;
  dataSets: DataSets;
  directions: Directions;
}

/** The handler of the queue. What it throws ends the experiment as FAILED with its code, sentence and path. */
export function runJob({ pool, models, dataSets, directions }: RunJobOptions): JobHandler {
  return async (experiment, { signal, onProgress }) =>
    outcomeOf(
      await runExperiment(parseSpec(experiment.spec), {
        pool: await pool(),
        signal,
        onProgress,
        resolveModel: (name) =>
          models.pathOf(name, { signal, onProgress: (bytes) => onProgress({ stage: 'download', ...bytes }) }),
        resolvePairs: async (slug) => (await dataSets.resolve(slug))?.pairs,
        resolveFile: (file) => models.allowedFile(file),
        resolveExperiment: (id) => directions.found(id),
        resolveDirection: (slug) => directions.place(slug),
      }),
    );
}

function outcomeOf({ result, arrays }: ExperimentResult): ExperimentOutcome {
  const { senders, receivers, record } = result;
  const circuit = senders === undefined || receivers === undefined ? undefined : { senders, receivers };
  return { result, record, artifacts: arrays, circuit, completions: completionRows(result) };
}
