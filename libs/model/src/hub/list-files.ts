// The files under a folder, links followed; a link that leads nowhere is none.

import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isFile } from '../sources/read-json.ts';

/** Paths relative to `folder`, with slashes; empty where there is no such folder. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    if (await isFile(path)) files.push(relative(folder, path).split(sep).join('/'));
  }
  return files;
}
