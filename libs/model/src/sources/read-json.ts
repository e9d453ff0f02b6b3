// Reads JSON and other texts of a model directory, with a limit on their size. Not a schema.

import { stat } from 'node:fs/promises';
import { DemurError } from '../errors.ts';
import { readBytes, withFile } from '../weights/read-bytes.ts';

/** Tokenizers with large vocabularies reach 35 MB; nothing sensible is above this. */
const MAX_TEXT_BYTES = 256 * 2 ** 20;

/** A text file that cannot be parsed, is no object, or is absurdly large. */
export class InvalidJsonError extends DemurError {
  constructor(file: string, problem: string, cause?: unknown) {
    super('INVALID_JSON', `${file} ${problem}; download it again.`, { cause });
  }
}

/** The object in a JSON file. @throws InvalidJsonError */
export async function readJsonObject(file: string): Promise<Record<string, unknown>> {
  const value = parse(file, await readText(file));
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new InvalidJsonError(file, 'holds no JSON object');
}

/** The object in a JSON file, or null where there is no such file. @throws InvalidJsonError */
export async function readOptionalJsonObject(file: string): Promise<Record<string, unknown> | null> {
  return (await isFile(file)) ? readJsonObject(file) : null;
}

/** A whole file as UTF-8. @throws InvalidJsonError where it is absurdly large */
export async function readText(file: string): Promise<string> {
  return withFile(file, async (opened) => {
    const { size } = opened;
    if (size > MAX_TEXT_BYTES) throw new InvalidJsonError(file, `has ${size} bytes, more than ${MAX_TEXT_BYTES}`);
    const bytes = Buffer.alloc(size);
    await readBytes(opened, 0, bytes, 'the text');
    return bytes.toString('utf8');
  });
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
