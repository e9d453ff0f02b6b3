// Positioned reads from a file that must not come back short. Not a cache.

import { constants, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { UnreadableFileError } from '../sources/file-errors.ts';
import { TruncatedFileError } from './tensor-entry.ts';

/** A file opened for reading, by its descriptor. */
export interface OpenSyncFile {
  path: string;
  fd: number;
}

/** A file opened for reading, with the length it had then. */
export interface OpenFile extends OpenSyncFile {
  size: number;
  handle: FileHandle;
}

/** Opening a pipe would wait for its writer, who may never come. Windows has no such flag. */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens a file, hands it to `use` and closes it whatever happens. @throws UnreadableFileError for what is no file */
export async function withFile<T>(path: string, use: (file: OpenFile) => T | Promise<T>): Promise<T> {
  const handle = await open(path, READ_WITHOUT_WAITING);
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new UnreadableFileError(path, 'it is a directory, a pipe or a device');
    return await use({ path, size: found.size, handle, fd: handle.fd });
  } finally {
    await handle.close();
  }
}

/** Fills `target` from byte `position` of the file. @throws TruncatedFileError when the file ends before. */
export async function readBytes(file: OpenFile, position: number, target: Uint8Array, what: string): Promise<void> {
  let done = 0;
  while (done < target.byteLength) {
    const { bytesRead } = await file.handle.read(target, done, target.byteLength - done, position + done);
    if (bytesRead === 0) throw new TruncatedFileError(file.path, position + target.byteLength, position + done, what);
    done += bytesRead;
  }
}

/** As `readBytes`, but without a promise: for headers of many small values, and for threads that do nothing else. */
export function readBytesSync(file: OpenSyncFile, position: number, target: Uint8Array, what: string): void {
  let done = 0;
  while (done < target.byteLength) {
    const bytesRead = readSync(file.fd, target, done, target.byteLength - done, position + done);
    if (bytesRead === 0) throw new TruncatedFileError(file.path, position + target.byteLength, position + done, what);
    done += bytesRead;
  }
}
