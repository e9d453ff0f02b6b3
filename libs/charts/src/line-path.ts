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
      const step = `${pen}${coordinateText(x(index))} ${coordinateText(y(value))}`;
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
  const upper = points.map(({ at, high }) => `${coordinateText(at)} ${coordinateText(high)}`);
  const lower = points.map(({ at, low }) => `${coordinateText(at)} ${coordinateText(low)}`).reverse();
  return `M${[...upper, ...lower].join('L')}Z`;
}

/** A coordinate to a tenth of a unit. */
export const coordinateText = (coordinate: number): string => String(Math.round(coordinate * 10) / 10);
