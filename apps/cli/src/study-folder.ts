/**
 * Where the command keeps a study's experiments: DIR/steps/<name>, each as `demur run` writes one. A step whose result is
 * there, of the same spec and weights, is not run again.
 */
import { join, resolve } from 'node:path';
import {
  openShardFolder,
  prepareExperiment,
  readResultFolder,
  runExperiment,
  specHash,
  writeResult,
  type EnginePool,
  type ExperimentSpec,
  type PreparedExperiment,
  type Progress,
  type ResultJson,
} from '@demur/interp';
import type { StepOutcome, StudyExecutor } from '@demur/studies';

export interface FolderExecutor extends StudyExecutor {
  /** Steps that have a result by now. */
  finished(): number;
}

interface FolderExecutorOptions {
  pool: EnginePool;
  modelPath: string;
  onProgress: (progress: Progress) => void;
}

/** Steps call each other by their folder relative to `out`. */
export function folderExecutor(out: string, options: FolderExecutorOptions): FolderExecutor {
  let finished = 0;
  const places = { resolveModel: async () => options.modelPath, resolveFile: (file: string) => resolve(out, file) };
  return {
    finished: () => finished,
    async run({ name }, spec: ExperimentSpec, signal?: AbortSignal): Promise<StepOutcome> {
      const experiment = `steps/${name}`;
      const dir = join(out, experiment);
      const prepared = await prepareExperiment(spec, places);
      if (!(await isKept(dir, prepared))) await runInto(dir, prepared, { ...options, signal });
      finished++;
      const { result: read, array } = await readResultFolder(experiment, dir);
      const result = read as ResultJson;
      const { load, run } = result.record.seconds;
      return { experiment, result, seconds: load + run, array };
    },
  };
}

/** Runs an experiment into its folder, going on from the shards that are there. */
async function runInto(
  dir: string,
  prepared: PreparedExperiment,
  { pool, onProgress, signal }: FolderExecutorOptions & { signal: AbortSignal | undefined },
): Promise<void> {
  const shards = openShardFolder(dir);
  const watching = { ...(signal && { signal }), onProgress };
  await writeResult(dir, await runExperiment(prepared.spec, { pool, prepared, shards, ...watching }));
  await shards.clear();
}

/** Whether there is a result of the same spec on the same weights; what is damaged runs again. */
async function isKept(dir: string, { spec, source }: PreparedExperiment): Promise<boolean> {
  const result = await readableResult(dir).catch(() => undefined);
  if (result?.specHash !== specHash(spec)) return false;
  return result.record.model.weightsSha256 === (await source.identity()).weightsSha256;
}

/** Throws where the document, or the header of the arrays, cannot be read. */
async function readableResult(dir: string): Promise<ResultJson> {
  const { result, array } = await readResultFolder(dir, dir);
  await array('');
  return result as ResultJson;
}
