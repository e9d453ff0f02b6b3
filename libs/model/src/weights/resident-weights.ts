// A model's weights that all lie in one WeightStore. Nothing is read and nothing waits.

import type { ModelWeights, RowChunk, WeightValues } from './model-weights.ts';
import { hasWeight, weight } from './weight-store.ts';
import type { WeightStore } from './weight-store.ts';

export class ResidentWeights implements ModelWeights {
  readonly isResident = true;
  readonly diskSeconds = 0;
  readonly #store: WeightStore;

  constructor(store: WeightStore) {
    this.#store = store;
  }

  has(name: string): boolean {
    return hasWeight(this.#store, name);
  }

  values(name: string): WeightValues {
    return weight(this.#store, name);
  }

  rows(name: string, rows: readonly number[]): Float32Array {
    return copyRows(this.values(name), rows);
  }

  chunks(name: string): Iterable<RowChunk> {
    const { values, shape } = this.values(name);
    return [{ values, rows: shape[0]! }];
  }

  withBlock<T>(_layer: number, _ahead: number, work: (weightOf: (name: string) => WeightValues) => T): T {
    return work((name) => weight(this.#store, name));
  }

  /** The store is its owner's. */
  close(): void {}
}

/** Some rows of a matrix in memory, [rows.length, width]. */
export function copyRows({ values, shape }: WeightValues, rows: readonly number[]): Float32Array {
  const width = shape[1]!;
  const copied = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) copied.set(values.subarray(row * width, (row + 1) * width), i * width);
  return copied;
}
