/** The data sets that come with demur, as the API shows them beside those of the database. They have no row, and no pairs but a model's. */
import { builtInDescription, builtInNames, builtInPairs, tokenizerOf, type PairSpec } from '@demur/interp';
import { DemurError, openModelSource } from '@demur/model';
import type { DataSet } from './data-set.type.ts';

/** A name that a data set of the project has. */
export class BuiltInSlugError extends DemurError {
  constructor(slug: string) {
    super('SLUG_TAKEN', `"${slug}" is a data set that comes with demur; choose another slug`, { path: 'slug' });
  }
}

const ID = 'built-in:';

/** All of them, in the order of the documentation. */
export function builtInDataSets(): DataSet[] {
  return builtInNames.map((name) => builtInDataSet(name)!);
}

/** The one of this name; null for any other. */
export function builtInDataSet(name: string): DataSet | null {
  const description = builtInDescription(name);
  if (description === undefined) return null;
  return { id: `${ID}${name}`, slug: name, name, description, size: null, createdAt: null, isBuiltIn: true };
}

/** The name in the id of such a data set; null for the id of another. */
export function builtInName(id: string): string | null {
  return id.startsWith(ID) ? id.slice(ID.length) : null;
}

/** Its pairs for the model at a path. Throws `NoPairsError`, `TokenizerNeededError`, the model's errors. */
export async function builtInPairsFor(name: string, path: string): Promise<PairSpec[]> {
  const tokenizer = await tokenizerOf(await openModelSource(path));
  return builtInPairs(name, { tokenizer })!.pairs;
}
