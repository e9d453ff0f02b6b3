// Where a transformer takes its weights from, wherever they are: all in memory, or streamed from disk block by block.
// Tensor-free. Not a loader, and no policy: see residency.ts for which of the two a model gets.

import { ResidentWeights } from './resident-weights.ts';
import { StreamedWeights } from './streamed-weights.ts';
import type { StreamRecipe } from './stream-recipe.ts';
import type { WeightStore } from './weight-store.ts';

/** Float32 values, row-major. They may lie in memory that is used again: see who lends them. */
export interface WeightValues {
  values: Float32Array<SharedArrayBuffer>;
  shape: number[];
}

/** Consecutive rows of a matrix. */
export interface RowChunk {
  /** [rows, width] */
  values: Float32Array<SharedArrayBuffer>;
  rows: number;
}

export interface ModelWeights {
  /** Whether all of it stays in memory until `close`, so that tensors over the values may be kept. */
  readonly isResident: boolean;
  /** Seconds for which the caller's thread has waited for the disk so far. */
  readonly diskSeconds: number;
  /** Whether there is a weight of this name. */
  has(name: string): boolean;
  /** A small weight outside the blocks, such as the final norm's. It stays. @throws UnknownWeightError */
  values(name: string): WeightValues;
  /** Some rows of a matrix outside the blocks, copied: [rows.length, width]. */
  rows(name: string, rows: readonly number[]): Float32Array;
  /** All rows of a matrix outside the blocks, in order; a chunk lasts until the next one is asked for. */
  chunks(name: string): Iterable<RowChunk>;
  /**
   * Runs `work` with the weights of a block, which last until it returns.
   * @param ahead the layer that will be asked for next; none when there is no such layer.
   * @throws the loader's errors: UnreadableFileError, TruncatedFileError, NonFiniteWeightError
   */
  withBlock<T>(layer: number, ahead: number, work: (weightOf: (name: string) => WeightValues) => T): T;
  /** Gives back files, threads and memory. */
  close(): void;
}

/** What a thread needs to open a model's weights; structured-cloneable. */
export type WeightRecipe = WeightStore | StreamRecipe;

/** What weights there are. */
export function weightShapes(recipe: WeightRecipe): { name: string; shape: number[] }[] {
  if (!('buffer' in recipe)) return recipe.plan.map(({ name, shape }) => ({ name, shape }));
  return Object.entries(recipe.tensors).map(([name, { shape }]) => ({ name, shape }));
}

/** Opens the weights in this thread; resident ones are shared by all threads that do. */
export function openWeights(recipe: WeightRecipe): ModelWeights {
  return 'buffer' in recipe ? new ResidentWeights(recipe) : new StreamedWeights(recipe);
}
