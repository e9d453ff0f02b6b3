// The files of a model, each opened once by the thread that reads them and kept open: a file that is replaced meanwhile
// goes on being read as it was. Not thread-safe: one a thread.

import { closeSync, openSync } from 'node:fs';
import { asFileError } from '../sources/file-errors.ts';
import { READ_WITHOUT_WAITING } from './read-bytes.ts';
import type { OpenSyncFile } from './read-bytes.ts';

export class ModelFiles {
  readonly #open = new Map<string, OpenSyncFile>();

  /** @throws UnreadableFileError */
  open(path: string): OpenSyncFile {
    const known = this.#open.get(path);
    if (known !== undefined) return known;
    const file = { path, fd: openFile(path) };
    this.#open.set(path, file);
    return file;
  }

  close(): void {
    for (const { fd } of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }
}

function openFile(path: string): number {
  try {
    return openSync(path, READ_WITHOUT_WAITING);
  } catch (error) {
    throw asFileError(error);
  }
}
