/** A record of any shape as lines of name and text. */

import { bytesText, durationText } from '@demur/charts';
export interface RecordLine {
  /** Path with dots, such as `seconds.run`. */
  name: string;
  text: string;
}

const longestText = 400;

/** Objects are opened; lists are written on one line, and told by their length where that is too long. */
export function recordLines(record: unknown, path = ''): RecordLine[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    return [{ name: path, text: valueText(path, record) }];
  return Object.entries(record).flatMap(([key, value]) => recordLines(value, path === '' ? key : `${path}.${key}`));
}

function valueText(path: string, value: unknown): string {
  if (typeof value === 'number' && /bytes$/i.test(path)) return bytesText(value);
  if (typeof value === 'number' && path.startsWith('seconds')) return durationText(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return Array.isArray(value) && text.length > longestText ? `a list of ${value.length}` : text;
}
