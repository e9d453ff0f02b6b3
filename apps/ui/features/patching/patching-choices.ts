/** What the reader chose on a patching page, as it stands in the address. */
import type { Measure } from './measure.ts';

export interface PatchingChoices {
  measure: Measure;
  expanded: boolean;
  asTable: boolean;
  /** One range of colours for all maps, so that they can be compared; otherwise each its own. */
  sameRange: boolean;
  /** Columns whose layer curve is drawn; undefined where nothing was chosen yet. */
  columns: number[] | undefined;
}

export function patchingChoices(params: URLSearchParams): PatchingChoices {
  const columns = params.get('columns');
  return {
    measure: params.get('measure') === 'raw' ? 'raw' : 'score',
    expanded: params.get('prefix') === 'open',
    asTable: params.get('view') === 'table',
    sameRange: params.get('range') === 'same',
    columns:
      columns === null
        ? undefined
        : columns
            .split('.')
            .filter((part) => /^\d+$/.test(part))
            .map(Number),
  };
}

/** Most lines that a chart keeps apart by colour. */
export const mostColumns = 6;

/** The columns after one was clicked: it goes if it was there, it is added if not; the oldest leaves a full chart. */
export function toggledColumns(columns: readonly number[], column: number): number[] {
  if (columns.includes(column)) return columns.filter((one) => one !== column);
  return [...columns, column].slice(-mostColumns);
}
