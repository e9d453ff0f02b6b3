/** A line chart: lines through their points with gaps where there is no value, and bands around them. */
import {
  axisScale,
  axisTicks,
  bandPath,
  cellText,
  linearScale,
  linePath,
  niceTicks,
  numberText,
  type ChartAxis,
  type Scales,
} from '@demur/charts';
import type { LineChart, Series } from '../figure.ts';
import {
  chartWidth,
  dashOf,
  hint,
  horizontalAxis,
  plotBelow,
  seriesAttributes,
  seriesKey,
  verticalAxis,
  type Drawing,
} from './drawing.ts';
import { element } from './markup.ts';
import { withRoom } from './value-range.ts';

export function drawLineChart({ x, y, series }: LineChart): Drawing {
  const key = seriesKey(series.map(({ name }) => name));
  const plot = plotBelow(key.height);
  const axis = chartAxis(x);
  const domain = withRoom(series.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]));
  const scales = {
    x: axisScale(axis, [plot.left + 8, plot.right - 8]),
    y: linearScale(domain, [plot.bottom, plot.top]),
  };
  const places = { x: (index: number) => scales.x(x.values[index] ?? NaN), y: scales.y };
  return {
    width: chartWidth,
    height: plot.bottom + 40,
    marks: [
      ...key.marks,
      ...verticalAxis(plot, { y: scales.y, ticks: niceTicks(...domain, 5), title: y.title }),
      ...horizontalAxis(plot, { x: scales.x, ticks: axisTicks(axis), title: x.title }),
      ...series.map((one, i) => drawSeries(one, { index: i, places, x })),
    ],
  };
}

/** Logarithmic where that is asked for and can be: all values above 0. */
const chartAxis = ({ title, values, scale }: LineChart['x']): ChartAxis => ({
  name: title,
  values: values.toSorted((a, b) => a - b),
  isLogarithmic: scale === 'log' && values.every((value) => value > 0),
});

interface SeriesPlace {
  index: number;
  /** By the index of a point, and by value. */
  places: Scales;
  x: LineChart['x'];
}

function drawSeries({ name, low, high, ...series }: Series, { index, places, x }: SeriesPlace): string {
  const values = numbersOf(series.values);
  const points = values.map((value, i) => {
    if (value === null) return '';
    const words = `${name}, ${x.title} ${cellText(x.values[i] ?? null)}: ${numberText(value)}`;
    return element('circle', { class: 'mark', cx: places.x(i), cy: places.y(value), r: 3 }, hint(words));
  });
  return element(
    'g',
    seriesAttributes(index),
    low && high ? element('path', { class: 'band', d: bandPath(numbersOf(low), numbersOf(high), places) }) : '',
    element('path', { class: `line${dashOf(index)}`, d: linePath(values, places) }),
    ...points,
  );
}

/** A value that is not a number is none. */
const numbersOf = (values: readonly (number | null)[]): (number | null)[] =>
  values.map((value) => (Number.isFinite(value ?? NaN) ? value : null));
