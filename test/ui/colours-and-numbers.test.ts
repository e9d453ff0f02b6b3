/** What a number looks like: colour, text, ticks. */
import {
  axisScale,
  axisTicks,
  bytesText,
  countedAxis,
  divergingColour,
  divergingGradient,
  durationText,
  linearScale,
  nearestPoint,
  niceTicks,
  numberText,
  symmetricExtent,
} from '@demur/charts';
import { describe, expect, it } from 'vitest';
import { agoText } from '../../apps/ui/components/ago-text.ts';
import { pageLabel } from '../../apps/ui/components/page-label.ts';

/** Percent of the end's colour that is mixed in. */
const strength = (colour: string): number => Number(/ ([\d.]+)%/.exec(colour)?.[1]);

describe('the diverging scale', () => {
  it('is neutral at 0 and full at both ends', () => {
    expect(strength(divergingColour(0))).toBe(0);
    expect(divergingColour(1)).toBe('color-mix(in oklab, var(--scale-positive) 100.0%, var(--scale-zero))');
    expect(divergingColour(-1)).toBe('color-mix(in oklab, var(--scale-negative) 100.0%, var(--scale-zero))');
  });

  it('is as strong for −x as for x, and grows with |x|', () => {
    const strengths = [0.1, 0.3, 0.5, 0.9].map((x) => strength(divergingColour(x)));
    expect([0.1, 0.3, 0.5, 0.9].map((x) => strength(divergingColour(-x)))).toEqual(strengths);
    expect(strengths).toEqual([...strengths].sort((a, b) => a - b));
  });

  it('keeps to its ends, and has a colour of its own for no value', () => {
    expect(divergingColour(7)).toBe(divergingColour(1));
    for (const nothing of [null, NaN]) expect(divergingColour(nothing)).toBe('var(--missing)');
  });

  it('shows all of itself in the legend', () => {
    expect(divergingGradient(3)).toBe(
      `linear-gradient(to right, ${[-1, 0, 1].map((x) => divergingColour(x)).join(', ')})`,
    );
  });

  it.each([
    [[0.5, -1.234, 1], 0, 1.3],
    [[-4, -4.7, -3.2], -4.7, 1.5],
    [[null, NaN], 0, 1],
    [[0, 0], 0, 1],
    [[0.00021], 0, 0.00021],
  ])('reaches as far from the middle as the values %j around %d do: %d', (values, centre, extent) => {
    expect(symmetricExtent(values, centre)).toBeCloseTo(extent, 10);
  });
});

describe('numbers as text', () => {
  it.each([
    [0, '0'],
    [0.0936, '0.0936'],
    [-0.407, '−0.407'],
    [12.345, '12.3'],
    [1234.5, '1235'],
    [0.00001234, '1.23e−5'],
    [null, 'none'],
    [undefined, 'none'],
    [NaN, 'none'],
  ])('%s is written %s', (value, text) => expect(numberText(value)).toBe(text));

  it('have more digits where asked for', () => {
    expect([-4.70281, 0.000123456, 12].map((value) => numberText(value, 5))).toEqual([
      '−4.7028',
      '1.2346e−4',
      '12.000',
    ]);
  });

  it.each([
    [0.421, '0.42 s'],
    [12.34, '12.3 s'],
    [185, '3 min 5 s'],
    [7440, '2 h 4 min'],
  ])('%d seconds are %s', (seconds, text) => expect(durationText(seconds)).toBe(text));

  it('writes bytes in powers of 1024', () => {
    expect([0, 512, 1536, 543_188_480, 3 * 2 ** 30].map(bytesText)).toEqual([
      '0.00 B',
      '512 B',
      '1.50 KiB',
      '518 MiB',
      '3.00 GiB',
    ]);
  });

  it('says how long ago a moment was', () => {
    const now = Date.UTC(2026, 0, 31, 12);
    const ago = (seconds: number): string => agoText(now - seconds * 1000, now);
    expect([5, 300, 7200, 86_400, 5 * 86_400].map(ago)).toEqual([
      'just now',
      '5 minutes ago',
      '2 hours ago',
      'yesterday',
      '5 days ago',
    ]);
    expect(agoText(now + 2000, now)).toBe('just now');
  });

  it('says what a page shows', () => {
    expect(pageLabel(2, { size: 20, shown: 17, total: 37, what: 'edges' })).toBe('21–37 of 37 edges');
    expect(pageLabel(1, { size: 20, shown: 0, total: 0, what: 'edges' })).toBe('0 of 0 edges');
  });
});

describe('an axis', () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [-1.08, 2.38, [-1, -0.5, 0, 0.5, 1, 1.5, 2]],
    [0, 29, [0, 5, 10, 15, 20, 25]],
    [3, 3, [3]],
  ])('from %d to %d has the round ticks %j', (low, high, ticks) => expect(niceTicks(low, high, 5)).toEqual(ticks));

  it('maps its ends to the ends of the range, also when turned around', () => {
    const scale = linearScale([-1, 3], [200, 0]);
    expect([-1, 1, 3].map(scale)).toEqual([200, 100, 0]);
    expect(linearScale([2, 2], [10, 20])(2)).toBe(10);
  });
});

describe('the horizontal axis of a chart', () => {
  const shares = { name: 'share', values: [0.001, 0.002, 0.05, 1], isLogarithmic: true };

  it('counts from 0, and marks whole numbers alone', () => {
    const layers = countedAxis('layer', 4);
    expect([0, 1.5, 3].map(axisScale(layers, [10, 40]))).toEqual([10, 25, 40]);
    expect(axisTicks(layers)).toEqual([0, 1, 2, 3]);
  });

  it('gives every decade the same room where it is logarithmic', () => {
    const places = [0.001, 0.01, 0.1, 1].map(axisScale(shares, [0, 30]));
    expect(places.map((place) => Math.round(place * 1e9) / 1e9)).toEqual([0, 10, 20, 30]);
    expect(axisTicks(shares)).toEqual([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
  });

  it('finds the point nearest on the page, not by value', () => {
    const scale = axisScale(shares, [0, 30]);
    expect([-5, 8, 16, 22, 24, 99].map((place) => nearestPoint(shares, scale, place))).toEqual([0, 1, 2, 2, 3, 3]);
  });
});
