/** The frame that all figures share: the SVG element with its name and words, axes, and the key to series. */
import { numeralText, type Scale } from '@demur/charts';
import { figureClass, figureStyle, seriesCount } from './figure-style.ts';
import { cut, element, escapeText } from './markup.ts';
import { label, lineHeight, shortLabel, spaced, textWidth, widest } from './plot-text.ts';

/** What is drawn, in pixels from the top left corner. */
export interface Drawing {
  width: number;
  height: number;
  marks: string[];
}

/** The drawing as an SVG element that stands alone or in a page; screen readers get its title and its caption. */
export function svgOf(
  { width, height, marks }: Drawing,
  { title, caption }: { title: string; caption: string },
): string {
  const size = { width, height, viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}` };
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', class: figureClass, role: 'img', ...size },
    element('title', {}, escapeText(title)),
    element('desc', {}, escapeText(caption)),
    element('style', {}, figureStyle),
    ...marks,
  );
}

/** The inside of a chart with axes. */
export interface Plot {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Room around the plots of charts: numbers of the axis and its name to the left, those of the other one below. */
export const chartWidth = 720;
const plotHeight = 230;
const plotLeft = 64;
/** Characters of a series' name, at most: a row of the key. */
const longestName = 90;
export const plotBelow = (top: number): Plot => ({
  left: plotLeft,
  right: chartWidth - 14,
  top,
  bottom: top + plotHeight,
});

/** The vertical axis: a line and a number at each tick, and its name along it. */
export function verticalAxis({ left, right, top, bottom }: Plot, { y, ticks, title }: VerticalAxis): string[] {
  const lines = ticks.map((tick) =>
    line({ x1: left, x2: right, y1: y(tick), y2: y(tick) }, tick === 0 ? 'zero' : 'grid'),
  );
  const numbers = ticks.map((tick) =>
    label(numeralText(tick), { x: left - 7, y: y(tick), dy: '0.32em', 'text-anchor': 'end' }),
  );
  return [...lines, ...numbers, sideways(title, 13, (top + bottom) / 2)];
}

interface VerticalAxis {
  y: Scale;
  ticks: readonly number[];
  title: string;
}

/** The numbers of a horizontal axis that there is room for, and its name below them. */
export function horizontalAxis({ left, right, bottom }: Plot, { x, ticks, title }: HorizontalAxis): string[] {
  const clear = spaced(ticks, (tick) => ({ place: x(tick), width: textWidth(numeralText(tick)) }));
  return [
    ...clear.map((tick) => label(numeralText(tick), { x: x(tick), y: bottom + 15, 'text-anchor': 'middle' })),
    axisTitle(title, { x: (left + right) / 2, y: bottom + 32 }),
  ];
}

interface HorizontalAxis {
  x: Scale;
  ticks: readonly number[];
  title: string;
}

/** Names of columns below a plot: level where each has room, else upwards. Gives the marks and how high they are. */
export function columnNames(
  names: readonly string[],
  { at, top, step }: ColumnNames,
): { marks: string[]; height: number } {
  const isLevel = widest(names.map(shortLabel)) < step - 4;
  const every = isLevel ? 1 : Math.max(1, Math.ceil(lineHeight / step));
  const marks = names.map((name, i) => {
    if (i % every > 0) return '';
    return isLevel
      ? label(name, { x: at(i), y: top + 14, 'text-anchor': 'middle' })
      : label(name, {
          transform: `translate(${at(i).toFixed(1)} ${top + 7}) rotate(-90)`,
          dy: '0.32em',
          'text-anchor': 'end',
        });
  });
  return { marks, height: isLevel ? 20 : widest(names.map(shortLabel)) + 12 };
}

interface ColumnNames {
  /** The middle of a column. */
  at: (index: number) => number;
  top: number;
  /** From one column to the next. */
  step: number;
}

export const axisTitle = (title: string, { x, y }: { x: number; y: number }): string =>
  element('text', { x, y, 'text-anchor': 'middle' }, escapeText(title));

/** The name of a vertical axis, read from below. */
export const sideways = (title: string, x: number, y: number): string =>
  element(
    'text',
    { transform: `translate(${x} ${y.toFixed(1)}) rotate(-90)`, 'text-anchor': 'middle' },
    escapeText(title),
  );

export const line = (ends: { x1: number; x2: number; y1: number; y2: number }, style: string): string =>
  element('line', { ...ends, class: style });

/** A mark's own words, shown when the pointer rests on it. */
export const hint = (words: string): string => element('title', {}, escapeText(words));

/** Which colour a series has; the seventh has the first one's, dashed. */
export const seriesAttributes = (index: number): { 'data-line': string } => ({
  'data-line': String(index % seriesCount),
});

export const dashOf = (index: number): string => (Math.floor(index / seriesCount) % 2 === 1 ? ' second' : '');

/** The key to series above a plot, in as many rows as it takes. Gives the marks and how high they are. */
export function seriesKey(names: readonly string[]): { marks: string[]; height: number } {
  let [x, y] = [plotLeft, 14];
  const marks = names.map((name, i) => {
    const shown = cut(name, longestName);
    const width = textWidth(shown) + 40;
    if (x > plotLeft && x + width > chartWidth) [x, y] = [plotLeft, y + lineHeight + 4];
    const sample = line({ x1: x, x2: x + 18, y1: y - 4, y2: y - 4 }, `line${dashOf(i)}`);
    const mark = element('g', seriesAttributes(i), sample, element('text', { x: x + 24, y }, escapeText(shown)));
    x += width;
    return mark;
  });
  return { marks, height: y + 12 };
}
