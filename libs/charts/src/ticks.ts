/** Round numbers for an axis, and the straight scale that goes with it. */

/** About `count` round values from `low` to `high`, both inside the range. */
export function niceTicks(low: number, high: number, count = 4): number[] {
  if (!(high > low)) return [low];
  const step = niceStep((high - low) / count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The round step nearest to a rough one, by ratio. */
function niceStep(rough: number): number {
  const unit = 10 ** Math.floor(Math.log10(rough));
  const off = (factor: number): number => Math.abs(Math.log((factor * unit) / rough));
  return [1, 2, 5, 10].reduce((best, factor) => (off(factor) < off(best) ? factor : best)) * unit;
}

export type Scale = (value: number) => number;

/** The line through (domain[0], range[0]) and (domain[1], range[1]). */
export function linearScale([d0, d1]: readonly [number, number], [r0, r1]: readonly [number, number]): Scale {
  const slope = d1 === d0 ? 0 : (r1 - r0) / (d1 - d0);
  return (value) => r0 + (value - d0) * slope;
}
