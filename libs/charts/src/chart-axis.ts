/** The horizontal axis of a chart: where its points lie, and the numbers below them. Coordinates are the caller's. */
import { linearScale, niceTicks, type Scale } from './ticks.ts';

export interface ChartAxis {
  name: string;
  /** The x of every point, ascending; above 0 on a logarithmic axis. */
  values: readonly number[];
  isLogarithmic?: boolean;
  /** A value in words; the number as it is unless given. */
  text?: (value: number) => string;
}

/** Points that are counted, such as layers. */
export const countedAxis = (name: string, count: number): ChartAxis => ({
  name,
  values: Array.from({ length: count }, (_, i) => i),
});

const ends = ({ values }: ChartAxis): [number, number] => [values[0] ?? 0, values.at(-1) ?? 0];

/** From a value to its place between the ends of `range`. */
export function axisScale(axis: ChartAxis, range: readonly [number, number]): Scale {
  const [low, high] = ends(axis);
  if (!axis.isLogarithmic) return linearScale([low, high], range);
  const scale = linearScale([Math.log(low), Math.log(high)], range);
  return (value) => scale(Math.log(value));
}

/** Round values on the axis: whole ones where points are whole, powers of ten and what is between them where it is logarithmic. */
export function axisTicks(axis: ChartAxis): number[] {
  const [low, high] = ends(axis);
  if (axis.isLogarithmic) return logarithmicTicks(low, high);
  const ticks = niceTicks(low, high, 10);
  return axis.values.every(Number.isInteger) ? ticks.filter(Number.isInteger) : ticks;
}

/** 1, 2 and 5 of every decade; the powers of ten alone where these would be many. */
function logarithmicTicks(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 5 ? [1] : [1, 2, 5];
  const decades = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const ticks = decades.flatMap((power) => factors.map((factor) => Number((factor * 10 ** power).toPrecision(12))));
  return ticks.filter((tick) => tick >= low * 0.9999 && tick <= high * 1.0001);
}

/** Which point lies nearest to a place on the page. */
export function nearestPoint({ values }: ChartAxis, scale: Scale, place: number): number {
  const off = (index: number): number => Math.abs(scale(values[index] ?? 0) - place);
  return values.reduce((best, _, index) => (off(index) < off(best) ? index : best), 0);
}
