// Turns what the file system reports (no permission, a directory where a file should be) into a sentence.

import { DemurError } from '../errors.ts';

/** A file that exists, or was promised, and cannot be read. */
export class UnreadableFileError extends DemurError {
  constructor(path: string, reason: string, cause?: unknown) {
    super('UNREADABLE_FILE', `${path} cannot be read (${reason}); check that it is a file and its permissions.`, {
      cause,
    });
  }
}

/** Runs `work`; errors of the file system come out as UnreadableFileError, all others unchanged. */
export async function withFileErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFileError(error);
  }
}

/** An error of the file system as UnreadableFileError; any other as it is. */
export function asFileError(error: unknown): unknown {
  if (!isFileSystemError(error)) return error;
  return new UnreadableFileError(error.path ?? 'A file of the model', error.code ?? error.message, error);
}

function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
