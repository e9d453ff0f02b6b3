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

/** Closed SVG path between two lines; points where either is missing are left out. */
export function bandPath(low: readonly (number | null)[], high: readonly (number | null)[], { x, y }: Scales): string {
  const points = low.flatMap((least, i) => {
    const most = high[i] ?? null;
    return least === null || most === null ? [] : [{ at: x(i), high: y(most), low: y(least) }];
  });
  if (points.length < 2) return '';
  const upper = points.map(({ at, high }) => `${place(at)} ${place(high)}`);
  const lower = points.map(({ at, low }) => `${place(at)} ${place(low)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

/** A coordinate to a tenth of a unit. */
export const place = (coordinate: number): string => String(Math.round(coordinate * 10) / 10);
