/** The bins of a histogram. */
import { niceTicks } from '@demur/charts';
import type { Histogram } from '../figure.ts';
import { ends } from './value-range.ts';

/** About how many there are. */
const wishedBins = 28;

/** Edges of bins of one round width around all values; a single bin where all are the same. */
export function binEdges(groups: Histogram['groups']): number[] {
  const values = groups.flatMap((group) => group.values).filter(Number.isFinite);
  if (values.length === 0) return [0, 1];
  const [low, high] = ends(values);
  const [first = low, second] = niceTicks(low, high, wishedBins);
  if (second === undefined) return [low - 0.5, low + 0.5];
  const width = second - first;
  const start = Math.floor(low / width + 1e-9);
  const end = Math.max(start + 1, Math.ceil(high / width - 1e-9));
  return Array.from({ length: end - start + 1 }, (_, i) => Number(((start + i) * width).toPrecision(12)));
}

/** Values from each edge up to the next; the last bin has its upper edge too. */
export function binCounts(values: readonly number[], edges: readonly number[]): number[] {
  const counts = Array.from({ length: edges.length - 1 }, () => 0);
  for (const value of values) {
    const next = edges.findIndex((edge) => edge > value);
    const bin = next === -1 ? counts.length - 1 : Math.max(0, next - 1);
    if (Number.isFinite(value)) counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}
