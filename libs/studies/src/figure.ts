/** Figures and tables of a report, as data: what is drawn, with its units. html/ draws them. */

export type Figure = HeatMap | LineChart | BarChart | Histogram;

interface Titled {
  title: string;
  /** What is to be seen, with numbers. */
  caption: string;
}

/** values[row][column]; null where there is none. The scale diverges around 0. */
export interface HeatMap extends Titled {
  kind: 'heat-map';
  rows: Axis;
  columns: Axis;
  /** What a value is, with its unit. */
  unit: string;
  values: (number | null)[][];
}

/** An axis of named places. */
export interface Axis {
  title: string;
  labels: string[];
}

export interface LineChart extends Titled {
  kind: 'lines';
  x: { title: string; values: number[]; scale?: 'linear' | 'log' };
  y: { title: string };
  series: Series[];
}

export interface Series {
  name: string;
  values: (number | null)[];
  /** A band around the line, such as a standard deviation or an interval; what it is stands in the caption. */
  low?: (number | null)[];
  high?: (number | null)[];
}

export interface BarChart extends Titled {
  kind: 'bars';
  labels: string[];
  y: { title: string };
  values: number[];
  low?: number[];
  high?: number[];
}

/** Values of groups, drawn over each other in bins of one width. */
export interface Histogram extends Titled {
  kind: 'histogram';
  x: { title: string };
  groups: { name: string; values: number[] }[];
}

export interface Table {
  title: string;
  columns: string[];
  rows: (string | number | null)[][];
}
