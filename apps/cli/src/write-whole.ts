/** Texts on disk, each under a temporary name until it is whole. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '@demur/interp';

/** @param texts by the names of their files. @throws OutputError where the folder cannot take them */
export async function writeWhole(dir: string, texts: Record<string, string>): Promise<void> {
  try {
    for (const [name, text] of Object.entries(texts)) {
      const file = join(dir, name);
      await writeFile(`${file}.tmp`, text);
      await rename(`${file}.tmp`, file);
    }
  } catch (cause) {
    throw new OutputError(dir, cause);
  }
}
