/** A histogram: how many values of each group lie in each bin, the groups drawn over each other. */
import { countText, linearScale, niceTicks, numberText } from '@demur/charts';
import type { Histogram } from '../figure.ts';
import {
  chartWidth,
  hint,
  horizontalAxis,
  line,
  plotBelow,
  seriesAttributes,
  seriesKey,
  verticalAxis,
  type Drawing,
} from './drawing.ts';
import { element } from './markup.ts';
import { binCounts, binEdges } from './bins.ts';

export function drawHistogram({ x: { title }, groups }: Histogram): Drawing {
  const key = seriesKey(groups.map(({ name, values }) => `${name}: ${countText(values.length)}`));
  const plot = plotBelow(key.height);
  const edges = binEdges(groups);
  const counts = groups.map(({ values }) => binCounts(values, edges));
  const most = Math.max(1, ...counts.flat());
  const x = linearScale([edges[0] ?? 0, edges.at(-1) ?? 1], [plot.left + 8, plot.right - 8]);
  const y = linearScale([0, most * 1.04], [plot.bottom, plot.top]);
  const isInside = (value: number): boolean => x(value) >= plot.left && x(value) <= plot.right;
  return {
    width: chartWidth,
    height: plot.bottom + 40,
    marks: [
      ...key.marks,
      ...verticalAxis(plot, { y, ticks: niceTicks(0, most, 5).filter(Number.isInteger), title: 'count' }),
      ...horizontalAxis(plot, { x, ticks: niceTicks(edges[0] ?? 0, edges.at(-1) ?? 1, 10), title }),
      ...(isInside(0) ? [line({ x1: x(0), x2: x(0), y1: plot.top, y2: plot.bottom }, 'zero')] : []),
      ...counts.map((own, i) => drawGroup(own, { index: i, name: groups[i]?.name ?? '', edges, x, y })),
    ],
  };
}

interface GroupPlace {
  index: number;
  name: string;
  edges: readonly number[];
  x: (value: number) => number;
  y: (value: number) => number;
}

function drawGroup(counts: readonly number[], { index, name, edges, x, y }: GroupPlace): string {
  const bins = counts.map((count, i) => {
    if (count === 0) return '';
    const [low, high] = [edges[i] ?? 0, edges[i + 1] ?? 0];
    const box = { x: x(low), y: y(count), width: x(high) - x(low), height: y(0) - y(count) };
    return element(
      'rect',
      { class: 'bin', ...box },
      hint(`${name}: ${count} from ${numberText(low)} to ${numberText(high)}`),
    );
  });
  return element('g', seriesAttributes(index), ...bins);
}
