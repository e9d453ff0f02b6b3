/** A figure's numbers as a table, for those who want to read them, or cannot see them. */
import type { BarChart, Figure, HeatMap, Histogram, LineChart, Series, Table } from '../figure.ts';
import { binCounts, binEdges } from './bins.ts';

export function figureTable(figure: Figure): Table {
  switch (figure.kind) {
    case 'heat-map':
      return heatMapTable(figure);
    case 'lines':
      return lineTable(figure);
    case 'bars':
      return barTable(figure);
    case 'histogram':
      return histogramTable(figure);
  }
}

const heatMapTable = ({ unit, rows, columns, values }: HeatMap): Table => ({
  title: unit,
  columns: [`${rows.title} \\ ${columns.title}`, ...columns.labels],
  rows: rows.labels.map((name, row) => [name, ...columns.labels.map((_, column) => values[row]?.[column] ?? null)]),
});

const lineTable = ({ x, y, series }: LineChart): Table => ({
  title: y.title,
  columns: [x.title, ...series.flatMap((one) => sides(one).map(({ name }) => name))],
  rows: x.values.map((at, i) => [at, ...series.flatMap((one) => sides(one).map(({ values }) => values[i] ?? null))]),
});

/** A series' values, and the two ends of its band where it has one. */
const sides = ({ name, values, low, high }: Series): { name: string; values: readonly (number | null)[] }[] =>
  low && high
    ? [
        { name, values },
        { name: `${name}, low`, values: low },
        { name: `${name}, high`, values: high },
      ]
    : [{ name, values }];

function barTable({ labels, y, values, low, high }: BarChart): Table {
  const all = low && high ? [values, low, high] : [values];
  return {
    title: y.title,
    columns: ['', y.title, 'low', 'high'].slice(0, 1 + all.length),
    rows: labels.map((name, i) => [name, ...all.map((one) => one[i] ?? null)]),
  };
}

function histogramTable({ x, groups }: Histogram): Table {
  const edges = binEdges(groups);
  const counts = groups.map(({ values }) => binCounts(values, edges));
  return {
    title: x.title,
    columns: ['from', 'to', ...groups.map(({ name }) => name)],
    rows: edges.slice(1).map((to, bin) => [edges[bin] ?? null, to, ...counts.map((own) => own[bin] ?? null)]),
  };
}
