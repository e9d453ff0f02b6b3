// Reads JSON files of a model directory, with a limit on their size. Not a schema.

import { readFile, stat } from 'node:fs/promises';
import { DemurError } from '../errors.ts';

/** Tokenizers with large vocabularies reach 35 MB; nothing sensible is above this. */
const MAX_JSON_BYTES = 256 * 2 ** 20;

/** A JSON file that cannot be parsed, is no object, or is absurdly large. */
export class InvalidJsonError extends DemurError {
  constructor(file: string, problem: string, cause?: unknown) {
    super('INVALID_JSON', `${file} ${problem}; download it again.`, { cause });
  }
}

/** The object in a JSON file. @throws InvalidJsonError */
export async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  const { size } = await stat(file);
  if (size > MAX_JSON_BYTES) throw new InvalidJsonError(file, `has ${size} bytes, more than ${MAX_JSON_BYTES}`);
  const value = parse(file, await readFile(file, 'utf8'));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidJsonError(file, 'holds no JSON object');
}

/** The object in a JSON file, or null where there is no such file. @throws InvalidJsonError */
export async function readOptionalJsonObject(file: string): Promise<Record<string, unknown> | null> {
  return (await isFile(file)) ? readJsonObject(file) : null;
}

/** Whether the path is a file. */
export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidJsonError(file, `is no valid JSON (${(cause as Error).message})`, cause);
  }
}
