/**
 * What a patching grid shows: which rows and columns, in which order, with which words and numbers. No colours, no React.
 * Columns over positions are aligned to the right: the answer position is last.
 */
import type { GridAxisKind } from '../../graphql/graphql.ts';
import { canFold, positionAxis, type AxisColumn } from './position-axis.ts';
import { visibleToken } from './token-text.ts';

export type Matrix = readonly (readonly (number | null)[] | null)[];

export interface Grid {
  activation: string;
  direction: string;
  baselineClean: number;
  baselineCorrupted: number;
  rows: { kind: GridAxisKind; labels: string[] };
  columns: { kind: GridAxisKind; labels: string[] };
  values: Matrix;
  normalised: Matrix;
}

export interface PromptPair {
  firstDifference: number;
  clean: { string: string }[];
  corrupted: { string: string }[];
}

export interface ColumnView {
  /** Column of the grid; of a fold, its first. */
  index: number;
  /** Last column of a fold; the same as `index` for a single one. */
  to: number;
  text: string;
  /** The corrupted prompt's token, where it is another. */
  other?: string;
}

export interface RowView {
  index: number;
  text: string;
}

/** The first column at which any pair differs. */
export function firstDifferentColumn(pairs: readonly PromptPair[], columns: number): number {
  const starts = pairs.map(({ clean, firstDifference }) => columns - clean.length + firstDifference);
  return Math.max(0, Math.min(columns, ...starts));
}

const everyPosition = (grid: Grid, pairs: readonly PromptPair[]): boolean =>
  grid.columns.kind === 'POSITION' && grid.columns.labels.length >= Math.max(2, ...pairs.map((p) => p.clean.length));

/** How many columns of a shared prefix can be folded; 0 for a grid that has none worth it. */
export function foldableColumns(grid: Grid, pairs: readonly PromptPair[]): number {
  const positions = grid.columns.labels.length;
  const firstDifference = firstDifferentColumn(pairs, positions);
  return everyPosition(grid, pairs) && canFold({ positions, firstDifference }) ? firstDifference : 0;
}

/** Columns from left to right with the first pair's tokens as words. */
export function columnViews(grid: Grid, pairs: readonly PromptPair[], expanded: boolean): ColumnView[] {
  const positions = grid.columns.labels.length;
  if (!everyPosition(grid, pairs))
    return grid.columns.labels.map((text, index) => ({ index, to: index, text: visibleToken(text) }));
  const firstDifference = firstDifferentColumn(pairs, positions);
  return positionAxis({ positions, firstDifference, expanded }).map((column) => columnView(column, grid, pairs[0]));
}

function columnView(column: AxisColumn, grid: Grid, pair: PromptPair | undefined): ColumnView {
  if (column.kind === 'prefix')
    return { index: column.from, to: column.to, text: `${column.to - column.from + 1} shared tokens` };
  const { position: index } = column;
  const fromRight = grid.columns.labels.length - index;
  const clean = pair?.clean.at(-fromRight)?.string;
  const corrupted = pair?.corrupted.at(-fromRight)?.string;
  const text = visibleToken(clean ?? grid.columns.labels[index] ?? '');
  return { index, to: index, text, other: corrupted === clean ? undefined : visibleToken(corrupted ?? '') };
}

/** Rows from top to bottom: the last layer is on top, as in a stack. */
export function rowViews(grid: Grid): RowView[] {
  return grid.rows.labels.map((text, index) => ({ index, text })).reverse();
}

/** The `count` rows farthest from `centre` anywhere, in the order they had. */
export function strongestRows(
  rows: RowView[],
  matrix: Matrix,
  { count, centre }: { count: number; centre: number },
): RowView[] {
  const strength = (row: RowView): number =>
    Math.max(0, ...(matrix[row.index] ?? []).map((v) => Math.abs((v ?? centre) - centre)));
  const kept = new Set([...rows].sort((a, b) => strength(b) - strength(a)).slice(0, count));
  return rows.filter((row) => kept.has(row));
}

/** The value of a cell; of a fold, the one farthest from `centre`, so that nothing hides in it. */
export function cellValue(
  matrix: Matrix,
  row: number,
  { column, centre }: { column: ColumnView; centre: number },
): number | null {
  const values = (matrix[row] ?? []).slice(column.index, column.to + 1).filter((value) => value !== null);
  const farther = (a: number, b: number): number => (Math.abs(b - centre) > Math.abs(a - centre) ? b : a);
  return values.length === 0 ? null : values.reduce(farther);
}
