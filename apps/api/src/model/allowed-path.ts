/** Which paths on this machine may be opened as models. */
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { DemurError } from '@demur/model';

/** A path that the server does not open. */
export class PathNotAllowedError extends DemurError {
  constructor(given: string, roots: string[]) {
    super(
      'PATH_NOT_ALLOWED',
      `${given} lies outside the folders that models may be opened from (${roots.join(', ')}); move it there, or add its folder to DEMUR_MODEL_ROOTS`,
    );
  }
}

/**
 * The absolute path, links followed, if it lies under one of `roots`. Throws `PathNotAllowedError`.
 * A file keeps its own name: in Hugging Face's cache it is a link to a blob that is named by its hash.
 */
export async function allowedPath(given: string, roots: string[]): Promise<string> {
  const absolute = path.resolve(given);
  const real = await realPath(absolute);
  for (const root of roots)
    if (isWithin(await realPath(root), real)) return isGguf(absolute) ? namedIn(absolute) : real;
  throw new PathNotAllowedError(given, roots);
}

function isGguf(file: string): boolean {
  return file.toLowerCase().endsWith('.gguf');
}

async function namedIn(absolute: string): Promise<string> {
  return path.join(await realPath(path.dirname(absolute)), path.basename(absolute));
}

/** Links followed as far as the path exists. */
async function realPath(absolute: string): Promise<string> {
  const parent = path.dirname(absolute);
  try {
    return await realpath(absolute);
  } catch {
    return parent === absolute ? absolute : path.join(await realPath(parent), path.basename(absolute));
  }
}

function isWithin(root: string, candidate: string): boolean {
  const relative = path.relative(root, candidate);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}
