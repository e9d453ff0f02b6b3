/** A result on disk: result.json and arrays.safetensors, both or none. */
import { mkdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DemurError } from '@demur/model';
import type { ExperimentResult } from './result.ts';
import { safetensorsParts } from './safetensors.ts';
import { writeTemporary } from './temporary-file.ts';

/** A folder that cannot take the result. */
export class OutputError extends DemurError {
  constructor(dir: string, cause: unknown) {
    super('OUTPUT', `cannot write to ${dir}: ${reason(cause)}`, { cause });
  }
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full; free some space or choose another folder',
  EDQUOT: 'the disk quota is used up; free some space or choose another folder',
  EACCES: 'permission denied; choose a folder that you may write to',
  EPERM: 'permission denied; choose a folder that you may write to',
  EROFS: 'the file system is read-only; choose another folder',
  ENOTDIR: 'a part of this path is a file; choose another folder',
  ENOENT: 'it cannot be made there; choose another folder',
  EEXIST: 'it is a file; choose another folder',
};

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return reasons[code ?? ''] ?? message;
}

/** Makes `dir` and tries to write there, so that no long run is in vain. `discard` removes what this made, if empty. */
export async function reserveOutput(dir: string): Promise<{ discard(): Promise<void> }> {
  const made: string[] = [];
  const discard = () => removeEmpty(made);
  try {
    await makeFolders(resolve(dir), made);
    await rm(await writeTemporary(join(dir, 'result.json'), [new Uint8Array(1)]));
    return { discard };
  } catch (cause) {
    await discard();
    throw new OutputError(dir, cause);
  }
}

/** Makes `dir` and the folders above it that do not exist, and notes them. Node's own recursion never ends in /proc. */
async function makeFolders(dir: string, made: string[]): Promise<void> {
  if ((await stat(dir).catch(() => undefined))?.isDirectory() === true) return;
  if (dirname(dir) !== dir) await makeFolders(dirname(dir), made);
  await mkdir(dir);
  made.unshift(dir);
}

/** Removes folders, the deepest first, as long as they are empty. */
async function removeEmpty(folders: string[]): Promise<void> {
  try {
    for (const folder of folders) await rmdir(folder);
  } catch {
    // Someone else has put something there: it stays.
  }
}

/**
 * Writes result.json and arrays.safetensors under temporary names and renames them: a reader never sees half a file.
 * Throws `OutputError`, with nothing of this run left behind, when the disk is full or the folder not writable.
 */
export async function writeResult(dir: string, { result, arrays }: ExperimentResult): Promise<void> {
  const contents: [string, Uint8Array[]][] = [
    [join(dir, 'arrays.safetensors'), safetensorsParts(arrays)],
    [join(dir, 'result.json'), [Buffer.from(`${JSON.stringify(result, null, 1)}\n`)]],
  ];
  const temporary: [string, string][] = [];
  const renamed: string[] = [];
  try {
    await makeFolders(resolve(dir), []);
    for (const [file, parts] of contents) temporary.push([await writeTemporary(file, parts), file]);
    for (const [from, to] of temporary) {
      await rename(from, to);
      renamed.push(to);
    }
  } catch (cause) {
    await Promise.all([...temporary.map(([from]) => from), ...renamed].map((file) => rm(file, { force: true })));
    throw new OutputError(dir, cause);
  }
}
