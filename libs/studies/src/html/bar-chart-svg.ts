/** A bar chart: bars from 0, with intervals. */
import { coordinateText, linearScale, niceTicks, numberText, type Scale } from '@demur/charts';
import type { BarChart } from '../figure.ts';
import { chartWidth, columnNames, hint, plotBelow, verticalAxis, type Drawing } from './drawing.ts';
import { element } from './markup.ts';
import { withRoom } from './value-range.ts';

const broadestBar = 44;

export function drawBarChart({ labels, y: { title }, values, low = [], high = [] }: BarChart): Drawing {
  const plot = plotBelow(10);
  const step = Math.min(2 * broadestBar, (plot.right - plot.left) / Math.max(1, labels.length));
  const domain = withRoom([0, ...values, ...low, ...high]);
  const y = linearScale(domain, [plot.bottom, plot.top]);
  const middle = (index: number): number => plot.left + (index + 0.5) * step;
  const below = columnNames(labels, { at: middle, top: plot.bottom, step });
  const bars = labels.map((name, i) =>
    drawBar(
      { name, value: values[i], low: low[i], high: high[i] },
      { x: middle(i), width: Math.min(broadestBar, step * 0.75), y },
    ),
  );
  return {
    width: chartWidth,
    height: plot.bottom + below.height + 8,
    marks: [
      ...verticalAxis(plot, { y, ticks: niceTicks(...domain, 5), title }),
      element('g', { 'data-line': '1' }, ...bars),
      ...below.marks,
    ],
  };
}

interface Bar {
  name: string;
  value: number | undefined;
  low: number | undefined;
  high: number | undefined;
}

/** Around its middle; a value that is none has no bar. */
function drawBar({ name, value, low, high }: Bar, { x, width, y }: { x: number; width: number; y: Scale }): string {
  if (!isNumber(value)) return '';
  const hasInterval = isNumber(low) && isNumber(high);
  const words = `${name}: ${numberText(value)}${hasInterval ? ` (${numberText(low)} to ${numberText(high)})` : ''}`;
  const [top, bottom] = [Math.min(y(value), y(0)), Math.max(y(value), y(0))];
  const bar = element('rect', { class: 'mark', x: x - width / 2, y: top, width, height: bottom - top }, hint(words));
  return hasInterval ? bar + interval(x, y(low), y(high)) : bar;
}

const isNumber = (value: number | null | undefined): value is number => Number.isFinite(value ?? NaN);

/** A line from end to end, with a short one across each. */
function interval(x: number, low: number, high: number): string {
  const [left, middle, right, bottom, top] = [x - 4, x, x + 4, low, high].map(coordinateText);
  return element('path', {
    class: 'interval',
    d: `M${left} ${bottom}H${right}M${left} ${top}H${right}M${middle} ${bottom}V${top}`,
  });
}
