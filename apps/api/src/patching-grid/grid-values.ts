/** The numbers of a grid: its array's last axis is the pairs; every cell is averaged over them or read for one. */
import type { NamedArray } from '@demur/interp';
import { DemurError } from '@demur/model';

/** A pair that the experiment does not have. */
export class PairIndexError extends DemurError {
  constructor(pair: number, count: number) {
    super('INVALID_PAIR_INDEX', `pair: ${pair} is not a pair of this experiment; give 0 to ${count - 1}`);
  }
}

type Cells = (number | null)[][];

/** [row][column] of an array [..., column, pair]; the mean over pairs that have the cell, or one pair. */
export function gridValues({ shape, values }: NamedArray, pair: number | null): Cells {
  const pairs = shape.at(-1)!;
  const columns = shape.at(-2)!;
  if (pair !== null && (pair < 0 || pair >= pairs)) throw new PairIndexError(pair, pairs);
  const rows = values.length / (columns * pairs);
  return Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const start = (row * columns + column) * pairs;
      return pair === null ? mean(values.subarray(start, start + pairs)) : present(values[start + pair]!);
    }),
  );
}

/** (value − corrupted) / (clean − corrupted); null where the two baselines are equal. */
export function normalised(cells: Cells, { clean, corrupted }: { clean: number; corrupted: number }): Cells {
  const range = clean - corrupted;
  return cells.map((row) => row.map((value) => (value === null || range === 0 ? null : (value - corrupted) / range)));
}

/** The mean of the values that are numbers; null where none is. */
export function mean(values: Float32Array): number | null {
  const numbers = values.filter((value) => !Number.isNaN(value));
  return numbers.length === 0 ? null : numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
}

function present(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
