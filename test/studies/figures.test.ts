/** Figures as SVG: where marks lie, told from the axes' own numbers; what has no value; text of any kind. No browser here. */
import {
  figureSvg,
  figureTable,
  type BarChart,
  type Figure,
  type HeatMap,
  type Histogram,
  type LineChart,
} from '@demur/studies';
import { describe, expect, it } from 'vitest';

interface Element {
  attributes: Record<string, string>;
  inside: string;
}

/** All elements of a name that hold none of their own name. */
function elements(svg: string, name: string): Element[] {
  const found = svg.matchAll(new RegExp(`<${name}( [^>]*)?>(.*?)</${name}>`, 'gs'));
  return [...found].map(([, attributes = '', inside = '']) => ({
    attributes: Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]),
    ),
    inside,
  }));
}

const ofClass = (svg: string, name: string, kind: string): Element[] =>
  elements(svg, name).filter(({ attributes }) => attributes.class?.split(' ').includes(kind));

const number = (text: string): number => Number(text.replace('−', '-'));

/** A line through the numbers of an axis, from a value to a coordinate; `end` is how its numbers are anchored. */
function axis(svg: string, side: 'x' | 'y'): (value: number) => number {
  const anchor = { x: 'middle', y: 'end' }[side];
  const ticks = elements(svg, 'text')
    .filter(({ attributes, inside }) => attributes['text-anchor'] === anchor && /^[−\d.]+$/.test(inside))
    .map(({ attributes, inside }) => [number(inside), Number(attributes[side])] as const);
  const [[v0, c0], [v1, c1]] = [ticks[0]!, ticks.at(-1)!];
  return (value) => c0 + ((value - v0) * (c1 - c0)) / (v1 - v0);
}

const heatMap = (values: (number | null)[][], rows: string[], columns: string[]): HeatMap => ({
  kind: 'heat-map',
  title: 'Where',
  caption: 'A caption.',
  rows: { title: 'layer', labels: rows },
  columns: { title: 'position', labels: columns },
  unit: 'score',
  values,
});

const lines = (x: LineChart['x'], series: LineChart['series']): LineChart => ({
  kind: 'lines',
  title: 'By layer',
  caption: 'A caption.',
  x,
  y: { title: 'score' },
  series,
});

describe('a heat map', () => {
  const svg = figureSvg(heatMap([[1, -0.5, null], [0, NaN, 0.25]], ['0', '1'], ['a', 'b', 'c'])); // prettier-ignore
  const cells = elements(svg, 'rect').filter(({ inside }) => inside.includes('layer'));
  const words = (cell: Element): string => /<title>(.*)<\/title>/.exec(cell.inside)![1]!;

  it('has a cell for every value, in its row and its column', () => {
    const places = cells.map(({ attributes: { x, y } }) => [Number(x), Number(y)]);
    const xs = [...new Set(places.map(([x]) => x!))];
    const ys = [...new Set(places.map(([, y]) => y!))];
    expect([xs.length, ys.length]).toEqual([3, 2]);
    expect(places).toEqual(ys.flatMap((y) => xs.map((x) => [x, y])));
    expect(cells.map(words).slice(0, 3)).toEqual([
      'layer 0, position a: 1.00 (score)',
      'layer 0, position b: −0.500 (score)',
      'layer 0, position c: none (score)',
    ]);
  });

  it('colours by sign and by distance from 0, the largest fully', () => {
    const colour = ({ attributes }: Element): [string, number] => [attributes.class!, Number(/--s:([\d.]+)%/.exec(attributes.style ?? '')?.[1])]; // prettier-ignore
    expect(colour(cells[0]!)).toEqual(['positive', 100]);
    const [sign, strength] = colour(cells[1]!);
    expect(sign).toBe('negative');
    expect(strength).toBeCloseTo(100 * 0.5 ** 0.8, 1);
    expect(colour(cells[3]!)).toEqual(['positive', 0]);
  });

  it('crosses out what has no value, null or not a number, and says so in the legend', () => {
    expect(cells.map(({ attributes }) => attributes.class === 'missing')).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(ofClass(svg, 'line', 'crossed')).toHaveLength(3);
    expect(svg).toContain('no value');
    expect(figureSvg(heatMap([[1]], ['0'], ['a']))).not.toContain('no value');
  });

  it('has no side of the scale for values below 0 where there are none', () => {
    const ends = (values: number[][]) => figureSvg(heatMap(values, ['0'], ['a', 'b'])).match(/>−?27</g);
    expect(ends([[27, -1]])).toEqual(['>−27<', '>27<']);
    expect(ends([[27, 0]])).toEqual(['>27<']);
  });

  it('keeps the names of 40 positions and 32 layers apart, and all of it inside', () => {
    const names = Array.from({ length: 40 }, (_, i) => `token number ${i}, a long one`);
    const layers = Array.from({ length: 32 }, (_, i) => String(i));
    const big = figureSvg(heatMap(layers.map(() => names.map(() => 0.5)), layers, names)); // prettier-ignore
    const shifts = [...big.matchAll(/translate\(([\d.]+) ([\d.]+)\) rotate\(-90\)/g)]
      .map(([, x]) => Number(x))
      .filter((x) => x > 20);
    expect(shifts).toHaveLength(40);
    for (const [i, x] of shifts.slice(1).entries()) expect(x - shifts[i]!).toBeGreaterThanOrEqual(13);
    const { width, height } = elements(big, 'svg')[0]!.attributes;
    for (const { attributes } of elements(big, 'rect')) {
      expect(Number(attributes.x) + Number(attributes.width)).toBeLessThan(Number(width));
      expect(Number(attributes.y) + Number(attributes.height)).toBeLessThan(Number(height));
    }
  });
});

describe('a line chart', () => {
  const x = { title: 'layer', values: [0, 1, 2, 3, 4] };
  const svg = figureSvg(
    lines(x, [
      {
        name: 'object',
        values: [0, 0.4, null, 1, NaN],
        low: [-0.1, 0.3, null, 0.9, null],
        high: [0.1, 0.5, null, 1.1, null],
      },
      { name: 'last', values: [1, 0.75, 0.5, 0.25, 0] },
    ]),
  );

  it('has its points where the numbers of the axes say', () => {
    const [toX, toY] = [axis(svg, 'x'), axis(svg, 'y')];
    const points = elements(svg, 'circle').map(({ attributes: { cx, cy } }) => [Number(cx), Number(cy)]);
    expect(svg).toContain('<title>last, layer 1: 0.750</title>');
    const expected = [[0, 0], [1, 0.4], [3, 1], [0, 1], [1, 0.75], [2, 0.5], [3, 0.25], [4, 0]]; // prettier-ignore
    expect(points).toHaveLength(expected.length);
    for (const [i, [atX, atY]] of expected.entries()) {
      expect(points[i]![0]).toBeCloseTo(toX(atX!), 0);
      expect(points[i]![1]).toBeCloseTo(toY(atY!), 0);
    }
  });

  it('breaks its line where there is no value', () => {
    const paths = ofClass(svg, 'path', 'line').map(({ attributes }) => attributes.d!.replaceAll(/[^ML]/g, ''));
    expect(paths).toEqual(['MLM', 'MLLLL']);
  });

  it('has a band from low to high', () => {
    const [band] = ofClass(svg, 'path', 'band');
    const ys = band!.attributes.d!.match(/ -?[\d.]+/g)!.map(Number);
    const toY = axis(svg, 'y');
    for (const [i, value] of [0.1, 0.5, 1.1, 0.9, 0.3, -0.1].entries()) expect(ys[i]).toBeCloseTo(toY(value), 0);
  });

  it('has a logarithmic axis where that is asked for, and a straight one where a value is not above 0', () => {
    const at = (values: number[]): number[] => {
      const drawn = figureSvg(lines({ title: 'edges', values, scale: 'log' }, [{ name: 'a', values: [0, 1, 2] }]));
      return elements(drawn, 'circle').map(({ attributes }) => Number(attributes.cx));
    };
    const [a, b, c] = at([1, 10, 100]);
    expect(b! - a!).toBeCloseTo(c! - b!, 0);
    const [d, e, f] = at([0, 10, 100]);
    expect((e! - d!) / (f! - d!)).toBeCloseTo(0.1, 2);
  });

  it('tells series apart by colour, and a seventh from the first by its dashes', () => {
    const many = figureSvg(
      lines(
        x,
        Array.from({ length: 8 }, (_, i) => ({ name: `s${i}`, values: [i, i, i, i, i] })),
      ),
    );
    const styles = elements(many, 'g').map(
      ({ attributes, inside }) => `${attributes['data-line']} ${inside.includes('second')}`,
    );
    expect(new Set(styles).size).toBe(8);
  });
});

describe('a bar chart', () => {
  const bars: BarChart = {
    kind: 'bars',
    title: 'Heads',
    caption: 'A caption.',
    labels: ['a0.h1', 'a3.h2', 'a4.h0'],
    y: { title: 'effect' },
    values: [2, -1, 0.5],
    low: [1.5, -1.25, 0],
    high: [2.5, -0.5, 1],
  };
  const svg = figureSvg(bars);
  const toY = axis(svg, 'y');

  it('has bars from 0 to their values, up and down', () => {
    const marks = ofClass(svg, 'rect', 'mark');
    for (const [i, value] of bars.values.entries()) {
      const { y, height } = marks[i]!.attributes;
      expect(Number(y)).toBeCloseTo(toY(Math.max(0, value)), 0);
      expect(Number(y) + Number(height)).toBeCloseTo(toY(Math.min(0, value)), 0);
    }
  });

  it('has intervals from low to high', () => {
    const spans = ofClass(svg, 'path', 'interval').map(({ attributes }) =>
      /M[\d.]+ ([\d.]+)V([\d.]+)$/.exec(attributes.d!)!,
    );
    expect(spans).toHaveLength(3);
    for (const [i, [, low, high]] of spans.entries()) {
      expect(Number(low)).toBeCloseTo(toY(bars.low![i]!), 0);
      expect(Number(high)).toBeCloseTo(toY(bars.high![i]!), 0);
    }
  });
});

describe('a histogram', () => {
  const groups = [
    { name: 'clean', values: [1.05, 1.1, 3, 3.02, 4] },
    { name: 'corrupted', values: [-2, -2, -1.3] },
  ];
  const histogram: Histogram = {
    kind: 'histogram',
    title: 'Metric',
    caption: 'A caption.',
    x: { title: 'metric' },
    groups,
  };

  it('counts every value once, in the bin that it lies in', () => {
    const { rows } = figureTable(histogram);
    for (const [group, { values }] of groups.entries()) {
      const counted = rows.map((row) => row[group + 2]);
      const expected = rows.map(([from, to], i) => {
        const isLast = i === rows.length - 1;
        return values.filter((value) => value >= Number(from) && (value < Number(to) || (isLast && value === to)))
          .length;
      });
      expect(counted).toEqual(expected);
      expect(expected.reduce((sum, count) => sum + count)).toBe(values.length);
    }
    const widths = rows.map(([from, to]) => Number(to) - Number(from));
    for (const width of widths) expect(width).toBeCloseTo(widths[0]!, 10);
  });

  it('draws as high as it counts', () => {
    const svg = figureSvg(histogram);
    const toY = axis(svg, 'y');
    const tallest = Math.min(...ofClass(svg, 'rect', 'bin').map(({ attributes }) => Number(attributes.y)));
    expect(tallest).toBeCloseTo(toY(2), 0);
  });

  it('has one bin where all values are the same', () => {
    const { rows } = figureTable({ ...histogram, groups: [{ name: 'clean', values: [0.3, 0.3] }] });
    expect(rows).toEqual([[-0.2, 0.8, 2]]);
  });
});

describe('every figure', () => {
  const nothing: Figure[] = [
    heatMap([], [], []),
    lines({ title: 'layer', values: [] }, []),
    { kind: 'bars', title: '', caption: '', labels: [], y: { title: '' }, values: [] },
    { kind: 'histogram', title: '', caption: '', x: { title: '' }, groups: [{ name: 'none', values: [] }] },
  ];

  it.each(nothing)('has no coordinate that is no number where there is nothing to draw: $kind', (figure) => {
    expect(figureSvg(figure)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('has its title and its caption for screen readers, first of all', () => {
    const svg = figureSvg({ ...heatMap([[1]], ['0'], ['a']), title: 'A & B', caption: 'x < y' });
    expect(svg).toMatch(/^<svg [^>]*role="img"[^>]*><title>A &amp; B<\/title><desc>x &lt; y<\/desc>/);
  });

  it('gives a heat map as a table of the same rows', () => {
    expect(figureTable(heatMap([[1, null]], ['7'], ['a', 'b']))).toMatchObject({
      columns: ['layer \\ position', 'a', 'b'],
      rows: [['7', 1, null]],
    });
  });
});
