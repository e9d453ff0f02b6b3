/** From what a spec calls its pairs to the pairs: a list, a file, or the name of a data set. */
import { resolve } from 'node:path';
import type { Tokenizer } from '@demur/model';
import { UnknownDataSetError } from '../errors.ts';
import type { PairSpec, PairsSpec } from '../spec/pair.ts';
import { builtInNames, builtInPairs } from './built-in.ts';
import { readPairs } from './pair-files.ts';

export interface LoadPairsOptions {
  tokenizer: Tokenizer | null;
  /** From the name of a data set to its pairs; undefined for one that comes with the project, as all are by default. */
  resolvePairs?: ((name: string) => Promise<PairSpec[] | undefined>) | undefined;
  /** From a file as the spec names it to a path that may be read; by default relative to the working directory. */
  resolveFile?: ((file: string) => string | Promise<string>) | undefined;
  /** Of data sets that are drawn. */
  seed?: number | undefined;
}

/** `notes`: what a data set that is made for the model had to leave out. Throws `UnknownDataSetError`, `PairFileError`. */
export async function loadPairs(
  pairs: PairsSpec,
  { tokenizer, resolvePairs, resolveFile = (file) => resolve(file), seed }: LoadPairsOptions,
): Promise<{ pairs: PairSpec[]; notes: string[] }> {
  if (Array.isArray(pairs)) return { pairs, notes: [] };
  if (typeof pairs === 'object') return { pairs: await readPairs(await resolveFile(pairs.file)), notes: [] };
  const kept = await resolvePairs?.(pairs);
  if (kept !== undefined) return { pairs: kept, notes: [] };
  const made = builtInPairs(pairs, { tokenizer, seed });
  if (made === undefined) throw new UnknownDataSetError(pairs, builtInNames);
  return { pairs: made.pairs, notes: notesOf(made.dropped) };
}

/** One sentence for all that was left out. */
function notesOf([first, ...more]: string[]): string[] {
  if (first === undefined) return [];
  return [`left out of the data set: ${first}${more.length === 0 ? '' : ` (and ${more.length} more)`}`];
}
