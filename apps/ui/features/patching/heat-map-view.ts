/** A grid made ready to draw: every cell with its colour and the words that say it. */
import { numberText } from '@demur/charts';
import { cellValue, type ColumnView, type RowView } from './grid-view.ts';
import { colourOf, type MeasuredGrid } from './measure.ts';

export interface HeatCell {
  value: number | null;
  colour: string;
  /** `L12, position 30 ·bomb/·pie: 0.93` */
  words: string;
  /** Set off from the others. */
  isMarked: boolean;
}

export interface HeatRow extends RowView {
  cells: HeatCell[];
}

export interface HeatMapView {
  rows: HeatRow[];
  columns: ColumnView[];
}

export interface HeatMapViewOptions {
  rows: readonly RowView[];
  columns: ColumnView[];
  grid: MeasuredGrid;
  extent: number;
  /** Which cells are set off, by the grid's indices of row and column, and in a word why. */
  marked?: { word: string; has: (row: number, column: number) => boolean };
}

export function heatMapView({ rows, columns, grid, extent, marked }: HeatMapViewOptions): HeatMapView {
  const cell = (row: RowView, column: ColumnView): HeatCell => {
    const value = cellValue(grid.matrix, row.index, { column, centre: grid.centre });
    const isMarked = marked?.has(row.index, column.index) ?? false;
    const words = `${row.text}, ${columnWords(column)}: ${numberText(value)}${isMarked ? `, ${marked?.word}` : ''}`;
    return { value, colour: colourOf(value, { ...grid, extent }), words, isMarked };
  };
  return { columns, rows: rows.map((row) => ({ ...row, cells: columns.map((column) => cell(row, column)) })) };
}

/** `position 30 ·bomb/·pie`, `h3`, `24 shared tokens` */
export function columnWords({ index, to, text, other }: ColumnView): string {
  if (index !== to || /^h\d+$/.test(text)) return text;
  return `position ${index} ${other === undefined ? text : `${text}/${other}`}`;
}
