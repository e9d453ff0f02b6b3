/** A table of names and numbers; it scrolls inside its frame where it is wide. */
import { cellText } from '@demur/charts';
import type { Table } from '../figure.ts';
import { element, escapeText } from './markup.ts';

export function tableHtml({ title, columns, rows }: Table): string {
  const head = columns.map((name) => element('th', { scope: 'col' }, escapeText(name)));
  const body = rows.map((row) => element('tr', {}, ...row.map((value, column) => cell(value, column))));
  const table = element(
    'table',
    {},
    element('caption', { class: 'visually-hidden' }, escapeText(title)),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...body),
  );
  return element('div', { class: 'scroll', tabindex: 0 }, table);
}

/** The first of a row is its name. */
function cell(value: string | number | null, column: number): string {
  const text = typeof value === 'number' ? cellText(value) : (value ?? '–');
  const isNumber = typeof value !== 'string';
  const attributes = { class: isNumber ? 'number' : undefined };
  return column === 0
    ? element('th', { scope: 'row', ...attributes }, escapeText(text))
    : element('td', attributes, escapeText(text));
}
