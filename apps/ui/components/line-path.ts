/** Paths of a small line chart: a line with gaps where a value is missing, and a band around it. Coordinates are the caller's. */
import type { Scale } from './ticks.ts';

export interface Scales {
  x: Scale;
  y: Scale;
}

/** SVG path through (index, value); a null ends one piece, the next value begins another. */
export function linePath(values: readonly (number | null)[], { x, y }: Scales): string {
  let pen = 'M';
  return values
    .map((value, index) => {
      if (value === null) {
        pen = 'M';
        return '';
      }
      const step = `${pen}${place(x(index))} ${place(y(value))}`;
      pen = 'L';
      return step;
    })
    .join('');
}

/** Closed SVG path of value ± spread; points where either is missing are left out. */
export function bandPath(
  values: readonly (number | null)[],
  spread: readonly (number | null)[],
  { x, y }: Scales,
): string {
  const points = values.flatMap((value, i) => {
    const around = spread[i] ?? null;
    return value === null || around === null ? [] : [{ at: x(i), high: y(value + around), low: y(value - around) }];
  });
  if (points.length < 2) return '';
  const upper = points.map(({ at, high }) => `${place(at)} ${place(high)}`);
  const lower = points.map(({ at, low }) => `${place(at)} ${place(low)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

const place = (coordinate: number): string => String(Math.round(coordinate * 10) / 10);
