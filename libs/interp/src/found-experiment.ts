/**
 * What an experiment gave, as another spec uses it: by default called by the folder of its result. Which of its arrays is
 * meant is for those who read it: a direction, scores of edges, a circuit.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DemurError, readSafetensorsTensor, TensorNotFoundError, type ModelSource } from '@demur/model';
import type { NamedArray } from './named-array.ts';

/** An experiment that a spec calls. */
export interface FoundExperiment {
  /** Its result.json; null of one that has not succeeded. */
  result: unknown;
  /** An array by its name, read when asked for; undefined where the experiment has none of it. */
  array(name: string): Promise<NamedArray | undefined>;
}

/** From what a spec calls an experiment to what it gave. Throws where there is no such experiment. */
export type ResolveExperiment = (experiment: string) => Promise<FoundExperiment>;

/** From a file as a spec names it to the path that may be read; by default relative to the working directory. */
export type ResolveFile = (file: string) => string | Promise<string>;

/** Where what a spec names is found, and the model that it must be of. */
export interface SpecPlaces {
  source: Pick<ModelSource, 'config' | 'identity'>;
  resolveFile: ResolveFile;
  resolveExperiment: ResolveExperiment;
}

/** The given places, with the defaults of those that are not. */
export function specPlaces({
  source,
  resolveFile = (file) => resolve(file),
  resolveExperiment = async (name) => readResultFolder(name, await resolveFile(name)),
}: Pick<SpecPlaces, 'source'> & {
  resolveFile?: ResolveFile | undefined;
  resolveExperiment?: ResolveExperiment | undefined;
}): SpecPlaces {
  return { source, resolveFile, resolveExperiment };
}

/** An experiment that cannot be used for what a spec calls it for. */
export class FoundExperimentError extends DemurError {
  constructor(experiment: string, problem: string, cause?: unknown) {
    super('FOUND_EXPERIMENT', `the experiment ${JSON.stringify(experiment)} ${problem}`, { cause });
  }
}

/** An experiment that has succeeded. @throws FoundExperimentError for one that has not, and what `resolve` throws */
export async function findExperiment(experiment: string, resolve: ResolveExperiment): Promise<FoundExperiment> {
  const found = await resolve(experiment);
  if (found.result !== null) return found;
  throw new FoundExperimentError(experiment, 'has no result: it waits, runs or failed; name it once it has succeeded');
}

/** What `demur run` wrote to a folder. @throws FoundExperimentError */
export async function readResultFolder(experiment: string, folder: string): Promise<FoundExperiment> {
  const file = join(folder, 'arrays.safetensors');
  return {
    result: await readResult(experiment, join(folder, 'result.json')),
    array: (name) =>
      readSafetensorsTensor(file, name).catch((error: unknown) => {
        if (error instanceof TensorNotFoundError) return undefined;
        throw error;
      }),
  };
}

async function readResult(experiment: string, file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const problem = cause instanceof SyntaxError ? 'is not valid JSON' : 'cannot be read';
    throw new FoundExperimentError(
      experiment,
      `has no result: ${file} ${problem}; give the folder that demur run wrote`,
      cause,
    );
  }
}

/** Refuses what was found on other weights than a spec's model has. @throws FoundExperimentError */
export function requireSameModel(
  experiment: string,
  { record: { model } }: { record: { model: { weightsSha256: string } } },
  weightsSha256: string,
): void {
  if (model.weightsSha256 === weightsSha256) return;
  throw new FoundExperimentError(
    experiment,
    `is of another model: its weights have the SHA-256 ${model.weightsSha256}, this model's ${weightsSha256}; give one of this model`,
  );
}

/** What goes wrong gets the place in the spec of what is read. */
export async function readingAt<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DemurError && error.path === undefined) throw new ReadingError(path, error);
    throw error;
  }
}

/** What a spec names cannot be read; the code is that of the cause. */
class ReadingError extends DemurError {
  constructor(path: string, cause: DemurError) {
    super(cause.code, cause.message, { path, cause });
  }
}
