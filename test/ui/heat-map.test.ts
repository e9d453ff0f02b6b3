/** Heat maps: axis of tokens, folding of the shared prefix, centre of the colours, focus, spread. No browser here. */
import { bandPath, divergingColour, linePath } from '@demur/charts';
import { describe, expect, it } from 'vitest';
import { moveFocus } from '../../apps/ui/features/patching/grid-focus.ts';
import {
  cellValue,
  columnViews,
  firstDifferentColumn,
  foldableColumns,
  rowViews,
  strongestRows,
  type Grid,
} from '../../apps/ui/features/patching/grid-view.ts';
import { heatMapView } from '../../apps/ui/features/patching/heat-map-view.ts';
import { colourOf, extentOf, measured } from '../../apps/ui/features/patching/measure.ts';
import { patchingChoices, toggledColumns } from '../../apps/ui/features/patching/patching-choices.ts';
import { positionAxis } from '../../apps/ui/features/patching/position-axis.ts';
import { spreadOverPairs } from '../../apps/ui/features/patching/spread.ts';
import { visibleToken } from '../../apps/ui/features/patching/token-text.ts';

const tokens = (...strings: string[]) => strings.map((string) => ({ string }));

const pair = {
  firstDifference: 4,
  clean: tokens('<s>', 'How', ' to', ' make', ' bomb', '.', '\n'),
  corrupted: tokens('<s>', 'How', ' to', ' make', ' pie', '.', '\n'),
};
/** Two tokens shorter: aligned to the right it differs at the same column. */
const shorter = { ...pair, firstDifference: 2, clean: pair.clean.slice(2), corrupted: pair.corrupted.slice(2) };

const grid: Grid = {
  activation: 'resid_pre',
  direction: 'denoising',
  baselineClean: 3,
  baselineCorrupted: -1,
  rows: { kind: 'LAYER', labels: ['L0', 'L1'] },
  columns: { kind: 'POSITION', labels: pair.clean.map(({ string }) => string) },
  values: [
    [-1, -1, -1, -0.9, 3, 1, 0],
    [null, -1, -1, -1, 1, 2, 3],
  ],
  normalised: [
    [0, 0, 0, 0.025, 1, 0.5, 0.25],
    [null, 0, 0, 0, 0.5, 0.75, 1],
  ],
};

describe('tokens', () => {
  it.each([
    [' bomb', '·bomb'],
    ['\n', '⏎'],
    [' ', '␣'],
    ['  ', '␣␣'],
    [' a b', '·a␣b'],
    ['\t\r', '⇥␍'],
    ['', '∅'],
  ])('%j is seen as %s', (token, text) => expect(visibleToken(token)).toBe(text));
});

describe('the axis of positions', () => {
  it('folds what both prompts share, and keeps every other position', () => {
    expect(positionAxis({ positions: 7, firstDifference: 4, expanded: false })).toEqual([
      { kind: 'prefix', from: 0, to: 3 },
      ...[4, 5, 6].map((position) => ({ kind: 'position', position, shared: false })),
    ]);
  });

  it('shows the shared positions when opened, and marks them', () => {
    const shared = positionAxis({ positions: 7, firstDifference: 4, expanded: true }).map(
      (column) => column.kind === 'position' && column.shared,
    );
    expect(shared).toEqual([true, true, true, true, false, false, false]);
  });

  it('folds neither two positions nor all of them', () => {
    expect(positionAxis({ positions: 4, firstDifference: 2, expanded: false })).toHaveLength(4);
    expect(positionAxis({ positions: 4, firstDifference: 4, expanded: false })).toHaveLength(4);
  });

  it('begins to differ where the first pair does, counted from the right', () => {
    expect(firstDifferentColumn([pair, shorter], 7)).toBe(4);
    expect(firstDifferentColumn([pair, { ...shorter, firstDifference: 1 }], 7)).toBe(3);
    expect(firstDifferentColumn([], 7)).toBe(7);
  });
});

describe('the columns of a grid', () => {
  it("are the first pair's tokens, with the other one where the prompts differ", () => {
    expect(columnViews(grid, [pair, shorter], false)).toEqual([
      { index: 0, to: 3, text: '4 shared tokens' },
      { index: 4, to: 4, text: '·bomb', other: '·pie' },
      { index: 5, to: 5, text: '.', other: undefined },
      { index: 6, to: 6, text: '⏎', other: undefined },
    ]);
  });

  it("stand at the right where the first pair is shorter; the server's labels fill the left", () => {
    const words = columnViews(grid, [shorter, pair], true).map(({ text, other }) => `${text}${other ?? ''}`);
    expect(words).toEqual(['<s>', 'How', '·to', '·make', '·bomb·pie', '.', '⏎']);
  });

  it('are the labels as they are for heads and for chosen positions', () => {
    const heads: Grid = { ...grid, columns: { kind: 'HEAD', labels: ['h0', 'h1'] } };
    const last: Grid = { ...grid, columns: { kind: 'POSITION', labels: ['last'] } };
    expect(columnViews(heads, [pair], false).map(({ text }) => text)).toEqual(['h0', 'h1']);
    expect(columnViews(last, [pair], false).map(({ text }) => text)).toEqual(['last']);
    expect([grid, heads, last].map((one) => foldableColumns(one, [pair]))).toEqual([4, 0, 0]);
    expect(foldableColumns(grid, [{ ...pair, firstDifference: 2 }])).toBe(0);
  });

  it('give the value of a fold that lies farthest from the middle', () => {
    const fold = { index: 0, to: 3, text: '' };
    expect(cellValue(grid.values, 0, { column: fold, centre: -1 })).toBe(-0.9);
    expect(cellValue(grid.values, 1, { column: { index: 0, to: 0, text: '' }, centre: -1 })).toBeNull();
    expect(cellValue([null], 0, { column: fold, centre: 0 })).toBeNull();
  });
});

describe('the rows of a grid', () => {
  it('have the last layer on top', () => {
    expect(rowViews(grid).map(({ text }) => text)).toEqual(['L1', 'L0']);
  });

  it('are the strongest alone where there are too many, in their order', () => {
    const rows = ['a', 'b', 'c'].map((text, index) => ({ text, index }));
    const kept = strongestRows(rows, [[0.2], [-3, null], [1]], { count: 2, centre: 0 });
    expect(kept.map(({ text }) => text)).toEqual(['b', 'c']);
  });
});

describe('the middle of the colours', () => {
  it('is the run that was patched: corrupted when denoising, clean when noising', () => {
    const noising = { ...grid, direction: 'noising' };
    expect(measured(grid, 'score')).toMatchObject({ centre: 0, source: 1 });
    expect(measured(noising, 'score')).toMatchObject({ centre: 1, source: 0 });
    expect(measured(grid, 'raw')).toMatchObject({ centre: -1, source: 3 });
    expect(measured(noising, 'raw')).toMatchObject({ centre: 3, source: -1 });
  });

  it('has orange on the side of the run that the activation came from', () => {
    expect(colourOf(0.5, { centre: 0, source: 1, extent: 1 })).toBe(divergingColour(0.5));
    expect(colourOf(0.5, { centre: 1, source: 0, extent: 1 })).toBe(divergingColour(0.5));
    expect(colourOf(1.2, { centre: 1, source: 0, extent: 2 })).toBe(divergingColour(-0.1));
    expect(colourOf(null, { centre: 0, source: 1, extent: 1 })).toBe('var(--missing)');
  });

  it('can be shared: the widest grid sets the range', () => {
    const narrow = { ...grid, values: [[-1, -1.5]] };
    expect(extentOf([measured(narrow, 'raw')])).toBe(0.5);
    expect(extentOf([measured(narrow, 'raw'), measured(grid, 'raw')])).toBe(4);
  });

  it('says every cell in words', () => {
    const columns = columnViews(grid, [pair], false);
    const view = heatMapView({ rows: rowViews(grid), columns, grid: measured(grid, 'score'), extent: 1 });
    expect(view.rows[1]?.cells.map(({ words }) => words)).toEqual([
      'L0, 4 shared tokens: 0.0250',
      'L0, position 4 ·bomb/·pie: 1.00',
      'L0, position 5 .: 0.500',
      'L0, position 6 ⏎: 0.250',
    ]);
  });
});

describe('the focus of a grid', () => {
  const size = { rows: 6, columns: 4 };
  it.each([
    ['ArrowDown', { row: 1, column: 0 }],
    ['ArrowUp', { row: 0, column: 0 }],
    ['ArrowRight', { row: 0, column: 1 }],
    ['ArrowLeft', { row: 0, column: 0 }],
    ['End', { row: 0, column: 3 }],
    ['PageDown', { row: 5, column: 0 }],
    ['Ctrl+End', { row: 5, column: 3 }],
  ])('goes by %s from the first cell to %j', (key, cell) => {
    expect(moveFocus(key, { row: 0, column: 0 }, size)).toEqual(cell);
  });

  it('stays for any other key', () => expect(moveFocus('x', { row: 0, column: 0 }, size)).toBeUndefined());
});

describe('the layer curve', () => {
  const scales = { x: (i: number) => i * 10, y: (v: number) => -v };

  it('is a line with a gap where a value is missing', () => {
    expect(linePath([1, 2, null, 3, 4], scales)).toBe('M0 -1L10 -2M30 -3L40 -4');
  });

  it('has a band of value ± spread', () => {
    expect(bandPath([0.5, 1], [1.5, 3], scales)).toBe('M0 -1.5L10 -3L10 -1L0 -0.5Z');
    expect(bandPath([1, null], [1.5, 3], scales)).toBe('');
  });

  it('spreads by the standard deviation over pairs, the score against the mean baselines', () => {
    const runs = [
      { metricClean: 3, metricCorrupted: -1, values: [1, null] },
      { metricClean: 5, metricCorrupted: 1, values: [4, 2] },
    ];
    // scores (1+1)/4 = 0.5 and (4−1)/4 = 0.75: deviation 0.25/√2
    const [score, alone] = spreadOverPairs(runs, 'score');
    expect(score).toBeCloseTo(0.25 / Math.SQRT2, 12);
    expect(alone).toBeNull();
    expect(spreadOverPairs(runs, 'raw')[0]).toBeCloseTo(3 / Math.SQRT2, 12);
    expect(spreadOverPairs([{ metricClean: null, metricCorrupted: 1, values: [1] }], 'raw')).toEqual([]);
  });
});

describe('the choices in the address', () => {
  it('have defaults, and read what is there', () => {
    expect(patchingChoices(new URLSearchParams())).toEqual({
      measure: 'score',
      expanded: false,
      asTable: false,
      sameRange: false,
      columns: undefined,
    });
    const address = new URLSearchParams('measure=raw&prefix=open&view=table&range=same&columns=30.x.37');
    expect(patchingChoices(address)).toEqual({
      measure: 'raw',
      expanded: true,
      asTable: true,
      sameRange: true,
      columns: [30, 37],
    });
  });

  it('toggle a column, six at most', () => {
    expect(toggledColumns([1, 2], 2)).toEqual([1]);
    expect(toggledColumns([1, 2, 3, 4, 5, 6], 7)).toEqual([2, 3, 4, 5, 6, 7]);
  });
});
