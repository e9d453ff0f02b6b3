/** How far apart two groups of numbers are: whether what is drawn of both has two modes with little between them. */

export interface TwoModes {
  upper: Group;
  lower: Group;
  /** √2 |difference of the means| / √(sum of the variances), Ashman, Bird and Zepf 1994: above 2 the two modes are apart. */
  ashmanD: number;
  /** P(one of the upper group > one of the lower), ties half. */
  separation: number;
  /** The least of the upper group − the most of the lower: positive where they do not overlap. */
  gap: number;
  /** Share of all that lies in the middle third between the two means. */
  between: number;
  histogram: Bin[];
}

export interface Group {
  count: number;
  mean: number;
  deviation: number;
  least: number;
  most: number;
}

export interface Bin {
  from: number;
  to: number;
  upper: number;
  lower: number;
}

const BINS = 30;

/** @param values of which both groups have some */
export function twoModes(values: { upper: readonly number[]; lower: readonly number[] }): TwoModes {
  const [upper, lower] = [groupOf(values.upper), groupOf(values.lower)];
  const distance = upper.mean - lower.mean;
  const all = [...values.upper, ...values.lower];
  const middle = all.filter((value) => Math.abs(value - (upper.mean + lower.mean) / 2) < Math.abs(distance) / 6);
  return {
    ...{ upper, lower },
    ashmanD: (Math.SQRT2 * Math.abs(distance)) / Math.hypot(upper.deviation, lower.deviation),
    separation: separationOf(values),
    gap: upper.least - lower.most,
    between: middle.length / all.length,
    histogram: histogramOf(values, Math.min(upper.least, lower.least), Math.max(upper.most, lower.most)),
  };
}

function groupOf(values: readonly number[]): Group {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const sorted = values.toSorted((a, b) => a - b);
  return { count: values.length, mean, deviation: Math.sqrt(variance), least: sorted[0]!, most: sorted.at(-1)! };
}

/** The area under the ROC curve, by ranks (Mann and Whitney 1947). */
function separationOf({ upper, lower }: { upper: readonly number[]; lower: readonly number[] }): number {
  const below = lower.toSorted((a, b) => a - b);
  const countBelow = (value: number): number => {
    const [first, last] = [firstIndex(below, (own) => own >= value), firstIndex(below, (own) => own > value)];
    return (first + last) / 2;
  };
  return upper.reduce((sum, value) => sum + countBelow(value), 0) / (upper.length * lower.length);
}

/** The first index of sorted values from which on something holds; their number where it never does. */
function firstIndex(sorted: readonly number[], holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function histogramOf(
  values: { upper: readonly number[]; lower: readonly number[] },
  least: number,
  most: number,
): Bin[] {
  const width = (most - least) / BINS;
  const binOf = (value: number): number => Math.min(BINS - 1, Math.floor((value - least) / width));
  const bins = Array.from({ length: BINS }, (_, i): Bin => {
    return { from: least + i * width, to: least + (i + 1) * width, upper: 0, lower: 0 };
  });
  for (const group of ['upper', 'lower'] as const) for (const value of values[group]) bins[binOf(value)]![group]++;
  return bins;
}
