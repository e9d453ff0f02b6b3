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
      const start = performance.now();
      const prepared = await prepareExperiment(spec, places);
      const kept = await keptResult(dir, prepared);
      if (kept === undefined) await runInto(dir, prepared, { ...options, signal });
      const seconds = kept === undefined ? (performance.now() - start) / 1000 : secondsOf(kept);
      finished++;
      const { result, array } = await readResultFolder(experiment, dir);
      return { experiment, result: result as ResultJson, seconds, array };
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

/** The result of an earlier run of the same spec on the same weights; what is damaged runs again. */
async function keptResult(dir: string, { spec, source }: PreparedExperiment): Promise<ResultJson | undefined> {
  const result = await readableResult(dir).catch(() => undefined);
  if (result?.specHash !== specHash(spec)) return undefined;
  const { weightsSha256 } = await source.identity();
  return result.record.model.weightsSha256 === weightsSha256 ? result : undefined;
}

/** Throws where the document, or the header of the arrays, cannot be read. */
async function readableResult(dir: string): Promise<ResultJson> {
  const { result, array } = await readResultFolder(dir, dir);
  await array('');
  return result as ResultJson;
}

function secondsOf({ record: { seconds } }: ResultJson): number {
  return seconds.load + seconds.run;
}
