/** The expected failures of the database. Same shape as the other packages' errors: code, sentence, path. */

/** The base of every expected failure: a sentence that names the value and the fix, and a code for programs. */
export class DatabaseError extends Error {
  readonly code: string;
  readonly path: string | undefined;

  constructor(code: string, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.path = options.path;
  }
}

/** A change that the status of a row does not allow (any more): another process was quicker. */
export abstract class RowStatusError extends DatabaseError {}

/** Two processes on one data directory would corrupt it, so the second is refused. */
export class DataDirectoryInUseError extends DatabaseError {
  constructor(directory: string, owner: { pid: number; host: string; since: string }) {
    super(
      'DATA_DIRECTORY_IN_USE',
      `The data directory ${directory} is in use by process ${owner.pid} on ${owner.host} since ${owner.since}. ` +
        'Stop that process, or give this one a data directory of its own.',
    );
  }
}

export class DataDirectoryNotWritableError extends DatabaseError {
  constructor(directory: string, cause: unknown) {
    super(
      'DATA_DIRECTORY_NOT_WRITABLE',
      `The data directory ${directory} cannot be written (${reasonOf(cause)}). ` +
        'Give the user of this process write permission there, or choose another data directory.',
      { cause },
    );
  }
}

export class DataDirectoryFullError extends DatabaseError {
  constructor(directory: string, cause: unknown) {
    super(
      'DATA_DIRECTORY_FULL',
      `No space is left on the disk of the data directory ${directory}. ` +
        'Free some space there, or choose a data directory on another disk, and start again.',
      { cause },
    );
  }
}

export class DataDirectoryBrokenError extends DatabaseError {
  constructor(directory: string, cause: unknown) {
    super(
      'DATA_DIRECTORY_BROKEN',
      `The database in ${directory} cannot be opened (${reasonOf(cause)}). ` +
        'Restore the directory from a backup, or move it away to start with an empty one.',
      { cause },
    );
  }
}

/** The embedded server ended in the middle; opening the directory again recovers what was committed. */
export class DatabaseStoppedError extends DatabaseError {
  constructor(directory: string, cause: unknown) {
    super(
      'DATABASE_STOPPED',
      `The database in ${directory} has stopped (${reasonOf(cause)}). Start the program again: what was stored is kept.`,
      { cause },
    );
  }
}

/** PostgreSQL does not answer, or refuses the user or the database. `address` never holds the password. */
export class DatabaseUnreachableError extends DatabaseError {
  constructor(address: string, cause: unknown) {
    super(
      'DATABASE_UNREACHABLE',
      `PostgreSQL at ${address} cannot be used (${reasonOf(cause)}). Start it, or correct the database URL.`,
      { cause },
    );
  }
}

export class InvalidDatabaseUrlError extends DatabaseError {
  constructor() {
    super(
      'INVALID_DATABASE_URL',
      'The database URL is not a PostgreSQL URL. Write it like postgresql://user:password@host:5432/database.',
    );
  }
}

export class DatabaseFullError extends DatabaseError {
  constructor(address: string, cause: unknown) {
    super(
      'DATABASE_FULL',
      `PostgreSQL at ${address} has no space left on its disk (${reasonOf(cause)}). Free some space there, then try again.`,
      { cause },
    );
  }
}

/** The message of the outermost error that has one. */
export function reasonOf(error: unknown): string {
  const messages = causes(error).map((cause) => (cause as { message?: unknown }).message ?? '');
  return messages.map(String).find((message) => message !== '') ?? JSON.stringify(error);
}

/** The error and the causes below it, outermost first; of an AggregateError the first error. */
export function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let next = error; next !== undefined && next !== null && !chain.includes(next);) {
    chain.push(next);
    next =
      next instanceof AggregateError && next.cause === undefined ? next.errors[0] : (next as { cause?: unknown }).cause;
  }
  return chain;
}

/** Whether an insert has failed because what must be unique is there already. */
export function isUniqueViolation(error: unknown): boolean {
  return causes(error).some((cause) => (cause as { code?: string }).code === '23505');
}

/** The expected failure inside an error, however deep an ORM or a job queue has wrapped it. */
export function expectedFailure(error: unknown): DatabaseError | undefined {
  return causes(error).find((cause) => cause instanceof DatabaseError);
}
