/** A table of names and numbers, the first of a row its name; it scrolls inside its frame where it is wide. */
import { cellText, isNumberColumn, isProseColumn, type Cell } from '@demur/charts';
import type { Table } from '../figure.ts';
import { element, escapeText } from './markup.ts';

export function tableHtml({ title, columns, rows }: Table): string {
  const sides = columns.map((_, column) => ({ class: columnClass(rows, column) }));
  const head = columns.map((name, column) => element('th', { scope: 'col', ...sides[column] }, escapeText(name)));
  const body = rows.map((row) => {
    const [name = '', ...values] = row.map(cellText);
    return element(
      'tr',
      {},
      element('th', { scope: 'row', ...sides[0] }, escapeText(name)),
      ...values.map((text, i) => element('td', { ...sides[i + 1] }, escapeText(text))),
    );
  });
  const table = element(
    'table',
    {},
    element('caption', { class: 'visually-hidden' }, escapeText(title)),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': title }, table);
}

function columnClass(rows: readonly (readonly Cell[])[], column: number): string | undefined {
  if (isNumberColumn(rows, column)) return 'number';
  return isProseColumn(rows, column) ? 'prose' : undefined;
}
