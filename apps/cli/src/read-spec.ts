/** A spec from a file or from standard input. Checking it is @demur/interp's. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseSpec, type ExperimentSpec } from '@demur/interp';
import { DemurError } from '@demur/model';

/** A spec that cannot be read, or is no JSON. */
export class SpecFileError extends DemurError {
  constructor(message: string, cause: unknown) {
    super('SPEC_FILE', message, { cause });
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file; give the path of a spec, or - for standard input',
  EISDIR: 'it is a folder; give the path of a spec in it',
  EACCES: 'permission denied; make it readable',
};

/** Reads and checks the spec at `path`; `-` is standard input. */
export async function readSpec(path: string): Promise<ExperimentSpec> {
  return parseSpec(parseJson(await specText(path), path === '-' ? 'standard input' : path));
}

/** Where the files lie that the spec at `path` names: beside it, or in the working directory for standard input. */
export function filesOf(path: string): (file: string) => string {
  const folder = path === '-' ? process.cwd() : dirname(resolve(path));
  return (file) => resolve(folder, file);
}

async function specText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new SpecFileError(`cannot read the spec ${path}: ${reasons[code ?? ''] ?? message}`, cause);
  }
}

function parseJson(json: string, name: string): unknown {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new SpecFileError(`${name} is not valid JSON: ${place(json, (cause as Error).message)}`, cause);
  }
}

/** V8's message with its place as line and column; at the end of the text where it names none. */
function place(json: string, message: string): string {
  const at = Number(/at position (\d+)/.exec(message)?.[1] ?? json.length);
  const before = json.slice(0, at).split('\n');
  const what = message.replace(/ (in JSON )?at position.*$/, '').replace(/, ".*$/s, '');
  return `${what} at line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}
