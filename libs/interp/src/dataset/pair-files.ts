/** Pairs in files: JSON (a list, or an object with `pairs`), JSON lines (a pair a line) and CSV, in and out. */
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { specIssues } from '../spec/issues.ts';
import { pairSchema, type PairSpec } from '../spec/pair.ts';
import { readCsv, writeCsv, type FileRecord } from './pair-csv.ts';
import { PairFileError } from './pair-file-error.ts';

export const pairFormats = ['json', 'jsonl', 'csv'] as const;
export type PairFormat = (typeof pairFormats)[number];

/** The format that a file's name ends with. Throws `PairFileError`. */
export function pairFormatOf(file: string): PairFormat {
  const ending = extname(file).slice(1).toLowerCase();
  const format = pairFormats.find((name) => name === ending);
  if (format !== undefined) return format;
  throw new PairFileError(file, `the name does not tell its format; let it end with .${pairFormats.join(', .')}`);
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file; give the path of a file of pairs',
  EISDIR: 'it is a folder; give the path of a file in it',
  EACCES: 'permission denied; make it readable',
};

/** The pairs of a file, checked. Throws `PairFileError` naming file, line, value and fix. */
export async function readPairs(file: string): Promise<PairSpec[]> {
  const format = pairFormatOf(file);
  try {
    return parsePairs(await readFile(file, 'utf8'), { format, name: basename(file) });
  } catch (cause) {
    if (cause instanceof PairFileError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new PairFileError(file, reasons[code ?? ''] ?? message, cause);
  }
}

/** The pairs of a text in a format, checked; `name` is for errors. Throws `PairFileError`. */
export function parsePairs(text: string, { format, name }: { format: PairFormat; name: string }): PairSpec[] {
  const records = readers[format](text.replace(/^\uFEFF/, ''), name);
  if (records.length === 0) throw new PairFileError(name, 'there is no pair in it; give at least one');
  return records.map(({ value, place }) => checked(value, place));
}

const readers: Record<PairFormat, (text: string, name: string) => FileRecord[]> = {
  json: readJson,
  jsonl: (text, name) =>
    text.split(/\r?\n/).flatMap((line, at) => {
      const place = `${name} line ${at + 1}`;
      return line.trim() === '' ? [] : [{ value: parseJson(line, place), place }];
    }),
  csv: readCsv,
};

function readJson(text: string, name: string): FileRecord[] {
  const parsed = parseJson(text, name);
  const list = Array.isArray(parsed) ? (parsed as unknown[]) : (parsed as { pairs?: unknown } | null)?.pairs;
  if (!Array.isArray(list)) throw new PairFileError(name, 'it is neither a list of pairs nor an object with "pairs"');
  return list.map((value: unknown, at) => ({ value, place: `${name} pairs[${at}]` }));
}

function parseJson(text: string, place: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new PairFileError(place, `not valid JSON: ${(cause as Error).message}`, cause);
  }
}

function checked(value: unknown, place: string): PairSpec {
  const parsed = pairSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = specIssues(parsed.error.issues);
  throw new PairFileError(issue!.path === '' ? place : `${place}, ${issue!.path}`, issue!.message);
}

const writers: Record<PairFormat, (pairs: readonly PairSpec[]) => string> = {
  json: (pairs) => `${JSON.stringify(pairs, null, 1)}\n`,
  jsonl: (pairs) => pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''),
  csv: writeCsv,
};

/** The text of pairs in a format: `parsePairs` gives the same pairs again. */
export function formatPairs(pairs: readonly PairSpec[], format: PairFormat): string {
  return writers[format](pairs);
}
