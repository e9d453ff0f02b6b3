/**
 * Pairs as CSV (RFC 4180), a line each. A prompt is in one of its columns, such as `clean` (text), `clean.user` (a chat of one
 * message), `clean.messages` or `clean.tokens` (JSON); an answer in `answer` (text) or `answer.id`. Empty cells are left out.
 */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import type { PairSpec, PromptSpec, TokenSpec } from '../spec/pair.ts';
import { PairFileError } from './pair-file-error.ts';

const promptColumns = ['', '.user', '.messages', '.tokens', '.slots'];
const columns = [
  ...promptColumns.map((part) => `clean${part}`),
  ...promptColumns.map((part) => `corrupted${part}`),
  ...['answer', 'answer.id', 'distractor', 'distractor.id', 'roles'],
];

/** A record of a file, and where it stands there. */
export interface FileRecord {
  value: unknown;
  place: string;
}

type Row = Record<string, string>;

/** The pairs of a CSV text, not yet checked. Throws `PairFileError` for text that is no such CSV. */
export function readCsv(text: string, name: string): FileRecord[] {
  return rowsOf(text, name).map(({ record, info }) => {
    const place = `${name} line ${info.lines}`;
    return { value: pairOf(record, place), place };
  });
}

function rowsOf(text: string, name: string): { record: Row; info: { lines: number } }[] {
  try {
    return parse(text, {
      ...{ bom: true, skip_empty_lines: true, info: true },
      columns: (header: string[]) => header.map((column) => knownColumn(column.trim(), name)),
    }) as unknown as { record: Row; info: { lines: number } }[];
  } catch (cause) {
    if (cause instanceof PairFileError) throw cause;
    throw new PairFileError(name, `not CSV: ${(cause as Error).message}; quote cells as RFC 4180 has it`, cause);
  }
}

function knownColumn(column: string, name: string): string {
  if (columns.includes(column)) return column;
  throw new PairFileError(`${name} line 1`, `${JSON.stringify(column)} is not a column; use ${columns.join(', ')}`);
}

function pairOf(row: Row, place: string): unknown {
  const cell = (column: string) => (row[column] === '' ? undefined : row[column]);
  const json = (column: string) => jsonCell(cell(column), `${place}, ${column}`);
  const prompt = (side: string) => {
    const [text, user, slots] = [cell(side), cell(`${side}.user`), json(`${side}.slots`)];
    const messages = user === undefined ? json(`${side}.messages`) : [{ role: 'user', content: user }];
    const given = present({ text, messages, tokens: json(`${side}.tokens`), slots });
    return Object.keys(given).length === 0 ? undefined : given;
  };
  const token = (side: string) => cell(side) ?? json(`${side}.id`);
  return present({
    ...{ clean: prompt('clean'), corrupted: prompt('corrupted') },
    ...{ answer: token('answer'), distractor: token('distractor'), roles: json('roles') },
  });
}

function jsonCell(cell: string | undefined, place: string): unknown {
  if (cell === undefined) return undefined;
  try {
    return JSON.parse(cell) as unknown;
  } catch (cause) {
    throw new PairFileError(
      place,
      `${JSON.stringify(cell)} is not JSON; write such as [1, 2] or {"object": "pie"}`,
      cause,
    );
  }
}

const present = (fields: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/** The CSV text of pairs: only columns that one of them has. Reading it gives the same pairs. */
export function writeCsv(pairs: readonly PairSpec[]): string {
  const rows = pairs.map(rowOf);
  const used = columns.filter((column) => rows.some((row) => row[column] !== undefined));
  return stringify(rows, { columns: used, header: true, quoted: true });
}

function rowOf({ clean, corrupted, answer, distractor, roles }: PairSpec): Partial<Row> {
  return {
    ...promptCells('clean', clean),
    ...promptCells('corrupted', corrupted),
    ...tokenCell('answer', answer),
    ...tokenCell('distractor', distractor),
    ...(roles === undefined ? {} : { roles: JSON.stringify(roles) }),
  };
}

function promptCells(side: string, prompt: PromptSpec): Row {
  if ('tokens' in prompt) return { [`${side}.tokens`]: JSON.stringify(prompt.tokens) };
  const slots: Row = prompt.slots === undefined ? {} : { [`${side}.slots`]: JSON.stringify(prompt.slots) };
  if ('text' in prompt) return { [side]: prompt.text, ...slots };
  const [only, ...more] = prompt.messages;
  if (only?.role === 'user' && only.content !== '' && more.length === 0)
    return { [`${side}.user`]: only.content, ...slots };
  return { [`${side}.messages`]: JSON.stringify(prompt.messages), ...slots };
}

const tokenCell = (side: string, token: TokenSpec): Row =>
  typeof token === 'number' ? { [`${side}.id`]: String(token) } : { [side]: token };
