/** Cells of tables whose columns are names or numbers. */
import { numberText, numeralText } from './number-text.ts';

export type Cell = string | number | null;

/** A name as it is; a whole number with all its digits, another with three significant ones; a dash where there is nothing. */
export function cellText(value: Cell): string {
  if (typeof value !== 'number') return value ?? '–';
  return Number.isInteger(value) ? numeralText(value) : numberText(value);
}

/** Characters from which on a text is one to read rather than a name. */
const shortestProse = 40;

/** Whether a column has sentences: it is then as wide as sentences ask for, on a narrow screen too. */
export function isProseColumn(rows: readonly (readonly Cell[])[], column: number): boolean {
  return rows.some((row) => typeof row[column] === 'string' && row[column].length >= shortestProse);
}

/** Whether a column has numbers and no names: it is then set against the right side. */
export function isNumberColumn(rows: readonly (readonly Cell[])[], column: number): boolean {
  const values = rows.map((row) => row[column] ?? null);
  return values.every((value) => typeof value !== 'string') && values.some((value) => value !== null);
}
