/** Rows of the database as GraphQL shows them. */
import type { ExperimentProgress as ProgressRow, ExperimentSummary } from '@demur/db';
import { metricLabel, type ExperimentSpec } from '@demur/interp';
import { builtInDataSet } from '../data-set/built-in-data-sets.ts';
import type { Experiment, ExperimentKind, ExperimentProgress } from './experiment.type.ts';

/** The experiment without what its resolver fetches when asked for. */
export function toExperiment(row: ExperimentSummary): Experiment {
  const { id, status, specHash, createdAt, startedAt, finishedAt, modelId, dataSet } = row;
  const builtIn = dataSet === null ? null : builtInDataSet(dataSet);
  return {
    ...{ id, status, specHash, createdAt, startedAt, finishedAt, modelId },
    dataSetId: row.dataSetId ?? builtIn?.id ?? null,
    kind: row.kind as ExperimentKind,
    error: row.error === null ? null : { ...row.error, path: row.error.path ?? null },
    spec: row.spec as Record<string, unknown>,
    metric: metricLabel((row.spec as Pick<ExperimentSpec, 'metric'>).metric),
    modelName: row.model,
    progress: toProgress(row),
  };
}

/** How far a row says the experiment is. */
export function toProgress(row: Pick<ExperimentSummary, 'id' | 'status' | 'progress' | 'error'>): ExperimentProgress {
  const { id, status, progress, error } = row;
  const { stage, done, total } = progress ?? { stage: null, done: 0, total: 0 };
  return {
    experimentId: id,
    status,
    ...{ stage, done, total },
    fraction: status === 'SUCCEEDED' ? 1 : fractionOf({ done, total }),
    error: error === null ? null : { ...error, path: error.path ?? null },
  };
}

function fractionOf({ done, total }: Pick<ProgressRow, 'done' | 'total'>): number {
  return total === 0 ? 0 : done / total;
}
