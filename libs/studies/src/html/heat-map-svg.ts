/** A heat map: a cell a value, coloured by how far from 0 it is. */
import { cellText, numberText, scaleStrength, symmetricExtent } from '@demur/charts';
import type { HeatMap } from '../figure.ts';
import { axisTitle, columnNames, hint, line, sideways, type Drawing } from './drawing.ts';
import { element, escapeText } from './markup.ts';
import { label, lineHeight, shortLabel, widest } from './plot-text.ts';

/** Cells grow into the width that there is for them, between these sizes. */
const wishedWidth = 620;
const [narrowest, broadest] = [14, 46];
const [flattest, tallest] = [14, 22];

export function drawHeatMap(map: HeatMap): Drawing {
  const cell = cellSize(map);
  const left = 30 + Math.max(widest(map.rows.labels.map(shortLabel)), lineHeight);
  const top = 6;
  const bottom = top + map.rows.labels.length * cell.height;
  const right = left + map.columns.labels.length * cell.width;
  const at = (row: number, column: number): CellPlace => ({
    x: left + column * cell.width,
    y: top + row * cell.height,
  });
  const extent = symmetricExtent(map.values.flat());
  const below = columnNames(map.columns.labels, { at: (i) => at(0, i + 0.5).x, top: bottom, step: cell.width });
  const titleAt = bottom + below.height + 12;
  const ends = { least: hasNegatives(map) ? -extent : 0, extent };
  const legend = drawLegend({ left, top: titleAt + 14, ...ends, unit: map.unit, hasGaps: hasGaps(map) });
  const rowNames = map.rows.labels.map((name, i) =>
    label(name, { x: left - 6, y: at(i + 0.5, 0).y, dy: '0.32em', 'text-anchor': 'end' }),
  );
  return {
    width: Math.max(right, left + legend.width) + 10,
    height: titleAt + 14 + legend.height,
    marks: [
      sideways(map.rows.title, 13, (top + bottom) / 2),
      ...rowNames,
      ...cells(map, { extent, cell, at }),
      ...below.marks,
      axisTitle(map.columns.title, { x: (left + right) / 2, y: titleAt }),
      ...legend.marks,
    ],
  };
}

interface CellPlace {
  x: number;
  y: number;
}

/** As wide as the names of columns ask for, where these are few. */
function cellSize({ rows, columns }: HeatMap): { width: number; height: number } {
  const wide = Math.max(broadest, widest(columns.labels.map(shortLabel)) + 8);
  return {
    width: Math.min(wide, Math.max(narrowest, Math.floor(wishedWidth / columns.labels.length))),
    height: Math.min(tallest, Math.max(flattest, Math.floor(wishedWidth / rows.labels.length))),
  };
}

const isMissing = (value: number | null | undefined): boolean => !Number.isFinite(value ?? NaN);

const hasGaps = ({ rows, columns, values }: HeatMap): boolean =>
  rows.labels.some((_, row) => columns.labels.some((_, column) => isMissing(values[row]?.[column])));

const hasNegatives = ({ values }: HeatMap): boolean => values.flat().some((value) => value !== null && value < 0);

interface CellLayout {
  extent: number;
  cell: { width: number; height: number };
  at: (row: number, column: number) => CellPlace;
}

function cells({ rows, columns, values, unit }: HeatMap, { extent, cell, at }: CellLayout): string[] {
  return rows.labels.flatMap((rowName, row) =>
    columns.labels.map((columnName, column) => {
      const value = values[row]?.[column] ?? null;
      const words = `${rows.title} ${rowName}, ${columns.title} ${columnName}: ${numberText(value)} (${unit})`;
      return coloured(value, { extent, ...at(row, column), width: cell.width - 1, height: cell.height - 1, words });
    }),
  );
}

interface Coloured extends CellPlace {
  extent: number;
  width: number;
  height: number;
  words?: string;
}

/** A rectangle in the colour of a value; one without a value is crossed out. */
function coloured(value: number | null, { extent, x, y, width, height, words }: Coloured): string {
  const inside = words === undefined ? '' : hint(words);
  if (value === null || !Number.isFinite(value)) {
    const box = element('rect', { class: 'missing', x, y, width, height }, inside);
    return box + line({ x1: x, y1: y + height, x2: x + width, y2: y }, 'crossed');
  }
  const strength = `--s:${(scaleStrength(value / extent) * 100).toFixed(1)}%`;
  return element('rect', { class: value < 0 ? 'negative' : 'positive', style: strength, x, y, width, height }, inside);
}

interface LegendGiven {
  left: number;
  top: number;
  /** −extent, or 0 where no value is below it. */
  least: number;
  extent: number;
  unit: string;
  hasGaps: boolean;
}

const legendSteps = 25;
const legendWidth = 200;

/** The scale from the least value to the greatest with its unit, and the sign of a cell without a value where there are any. */
function drawLegend({ left, top, least, extent, unit, hasGaps }: LegendGiven): Drawing {
  const width = legendWidth / legendSteps;
  const steps = Array.from({ length: legendSteps }, (_, i) => {
    const value = least + (extent - least) * (i / (legendSteps - 1));
    return coloured(value, { extent, x: left + i * width, y: top, width: width + 0.3, height: 9 });
  });
  const numbers = [...new Set([least, 0, extent])].map((value) => {
    const x = left + (legendWidth * (value - least)) / (extent - least);
    return label(cellText(value), { x, y: top + 23, 'text-anchor': 'middle' });
  });
  const beside = left + legendWidth + 24;
  const words = element('text', { x: beside, y: top + 9 }, escapeText(unit));
  const gap = [
    coloured(null, { extent, x: beside, y: top + 15, width: 14, height: 10 }),
    element('text', { x: beside + 20, y: top + 24 }, 'no value'),
  ];
  return {
    width: legendWidth + 24 + Math.max(widest([unit]), 90),
    height: 32,
    marks: [...steps, ...numbers, words, ...(hasGaps ? gap : [])],
  };
}
