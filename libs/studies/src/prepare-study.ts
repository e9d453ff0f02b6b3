/** What a study is asked of, from names: the model's headers and tokenizer opened, the pairs made, checked and sifted. */
import { basename } from 'node:path';
import {
  lintPairs,
  loadPairs,
  NoPairsError,
  PairError,
  resolvePairs,
  tokenizerOf,
  type LoadPairsOptions,
  type PairSpec,
} from '@demur/interp';
import { openModelSource, resolveModel } from '@demur/model';
import { NoUsablePairsError, StudyError } from './errors.ts';
import type { StudyGiven } from './study.ts';

export type StudyRequest = Pick<StudyGiven, 'model' | 'pairs' | 'seed'>;

/** Where what a study names is found, as for an experiment. */
export interface StudyPlaces extends Pick<LoadPairsOptions, 'resolvePairs' | 'resolveFile'> {
  /** From the name of a model to its path; by default it is one, or a Hub id, which is downloaded. */
  resolveModel?: (name: string) => Promise<string>;
  signal?: AbortSignal;
}

/**
 * Pairs that the model cannot be asked are left out, and told as warnings; the rest is what every experiment of the study runs on.
 * @throws NoUsablePairsError where none is left, and the errors of models and of data sets that cannot be read
 */
export async function prepareStudy(request: StudyRequest, places: StudyPlaces = {}): Promise<StudyGiven> {
  const { model, seed } = request;
  const resolve = places.resolveModel ?? ((name: string) => resolveModel(name, { signal: places.signal }));
  const source = await openModelSource(await resolve(model));
  const tokenizer = await tokenizerOf(source);
  const dataSetName = nameOf(request.pairs);
  const loading = loadPairs(request.pairs, { ...places, tokenizer, seed });
  const { pairs, notes } = await loading.catch((error: unknown) => tellDataSet(dataSetName, error));
  const context = { config: source.config, tokenizer };
  const { usable, errors } = lintPairs(pairs, context);
  if (usable.length === 0)
    throw new NoUsablePairsError(
      dataSetName,
      errors.map(({ message }) => message),
    );
  const dataSet = resolvePairs(usable, context);
  dataSet.warnings.unshift(...notes, ...errors.map(({ message }) => `left out of the study: ${message}`));
  const kept = errors.length === 0 ? request.pairs : usable;
  return { model, pairs: kept, dataSetName, seed, ...context, dataSet };
}

function nameOf(pairs: StudyGiven['pairs']): string {
  if (typeof pairs === 'string') return pairs;
  return 'file' in pairs ? basename(pairs.file) : countOf(pairs);
}

function countOf({ length }: PairSpec[]): string {
  return length === 1 ? '1 pair' : `${length} pairs`;
}

/** What is wrong with pairs that are made for the model gets the name of their data set. */
function tellDataSet(dataSet: string, error: unknown): never {
  if (!(error instanceof NoPairsError || error instanceof PairError)) throw error;
  throw new StudyError(`the data set ${JSON.stringify(dataSet)}: ${error.message}`, { code: error.code, cause: error });
}
