/** How far the pairs lie from one another: the standard deviation over pairs of what one pair shows. */
import type { Measure } from './measure.ts';

export interface PairRun {
  metricClean: number | null | undefined;
  metricCorrupted: number | null | undefined;
  /** The patched metric of this pair, a value a row. */
  values: readonly (number | null)[];
}

/**
 * Standard deviation over pairs (n − 1), a value a row; null with fewer than two pairs. A pair's score is
 * (v − its corrupted) / (mean clean − mean corrupted): the mean of these is the score of the means.
 */
export function spreadOverPairs(runs: readonly PairRun[], measure: Measure): (number | null)[] {
  const usable = runs.flatMap(withBaselines);
  const scale = measure === 'raw' ? 1 : mean(usable.map((run) => run.clean - run.corrupted));
  const rows = usable[0]?.values.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    deviation(
      usable.flatMap(({ values, corrupted }) => {
        const value = values[row] ?? null;
        return value === null ? [] : [measure === 'raw' ? value : (value - corrupted) / scale];
      }),
    ),
  );
}

function withBaselines({ metricClean, metricCorrupted, values }: PairRun) {
  if (typeof metricClean !== 'number' || typeof metricCorrupted !== 'number') return [];
  return [{ clean: metricClean, corrupted: metricCorrupted, values }];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function deviation(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
