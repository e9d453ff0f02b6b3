/** The embedded database: PGlite in a data directory, behind a lock. One connection, one process. */
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { mkdirSync, renameSync, rmSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fromPglite, type PGliteLike } from 'pg-boss';
import { decodeChunk, encodeChunks } from './copy-binary.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { inSavepoint, sessionOf, type Connection, type Database, type Session } from './database.ts';
import {
  DatabaseError,
  DataDirectoryBrokenError,
  DataDirectoryFullError,
  DataDirectoryNotWritableError,
  DatabaseStoppedError,
  causes,
  expectedFailure,
} from './errors.ts';

/** Opens the embedded database of a data directory; makes the directory and the database if there are none. */
export async function openPglite(dataDir: string): Promise<Database> {
  const directory = resolve(dataDir);
  const lock = await lockedDirectory(directory);
  try {
    const pglite = await startPglite(directory);
    return databaseOf(pglite, directory, lock);
  } catch (error) {
    lock.release();
    throw failureOf(error, directory) ?? new DataDirectoryBrokenError(directory, error);
  }
}

async function lockedDirectory(directory: string) {
  try {
    mkdirSync(directory, { recursive: true });
    return lockDataDirectory(directory);
  } catch (error) {
    throw failureOf(error, directory) ?? error;
  }
}

/** A first start that is cut short leaves only `pglite.new`, which the next start throws away. */
async function startPglite(directory: string): Promise<PGlite> {
  const path = join(directory, 'pglite');
  if (!existsSync(path)) {
    const unfinished = join(directory, 'pglite.new');
    rmSync(unfinished, { recursive: true, force: true });
    await (await createPglite(unfinished)).close();
    renameSync(unfinished, path);
  } else if (!existsSync(join(path, 'PG_VERSION'))) {
    // PGlite would write a new, empty database over what is left.
    throw new DataDirectoryBrokenError(directory, new Error('the file pglite/PG_VERSION is missing'));
  }
  return createPglite(path);
}

/** What the embedded server wrote to its log before it gave up. */
class ServerPanic extends Error {
  readonly severity = 'PANIC';
}

/** PGlite itself only says that it was aborted; why, the server has written to its log. */
async function createPglite(path: string): Promise<PGlite> {
  let panic: ServerPanic | undefined;
  const onStderr = (line: string) => {
    const reason = /(?:PANIC|FATAL):\s*(.*)/.exec(line)?.[1];
    if (reason !== undefined) panic ??= new ServerPanic(reason);
    return true;
  };
  try {
    const pglite = await PGlite.create(path, { onStderr });
    sendNothingAfter(() => panic, pglite);
    return pglite;
  } catch (error) {
    throw panic ?? error;
  }
}

/** A server that has panicked still holds its locks: the next message, a mere Sync, would wait for them without end. */
function sendNothingAfter(panic: () => ServerPanic | undefined, pglite: PGlite): void {
  const send = pglite.execProtocolRawSync.bind(pglite);
  pglite.execProtocolRawSync = (...message) => {
    const reason = panic();
    if (reason) throw reason;
    return send(...message);
  };
}

function databaseOf(pglite: PGlite, directory: string, lock: { release(): void }): Database {
  const guard = new Guard(directory);
  const transaction = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    let failure: unknown;
    const noteFailure = (error: unknown) => {
      failure = error;
      throw error;
    };
    return guard
      .run(() => pglite.transaction((tx) => work(transactionSession(tx, guard)).catch(noteFailure)))
      .catch((error: unknown) => {
        // When the ROLLBACK fails too, the reason is what came first.
        throw expectedFailure(failure) ?? failureOf(failure, directory) ?? failure ?? error;
      });
  };
  return {
    ...sessionOf(connectionOf(pglite, guard, transaction)),
    bossOptions: { db: fromPglite(guarded(pglite, guard)), backend: 'pglite' },
    close: async () => {
      if (!pglite.closed && !guard.failure) await pglite.close();
      lock.release();
    },
  };
}

/**
 * Turns errors into expected failures, and lets nothing through any more once the embedded server has panicked: a real
 * server would restart there and recover from its log, this one does so when the directory is opened again.
 */
class Guard {
  readonly directory: string;
  failure: DatabaseError | undefined;

  constructor(directory: string) {
    this.directory = directory;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.failure) throw this.failure;
    try {
      return await work();
    } catch (error) {
      const failure = failureOf(error, this.directory);
      if (isPanic(error)) this.failure ??= failure ?? new DatabaseStoppedError(this.directory, error);
      throw failure ?? this.failure ?? error;
    }
  }
}

function isPanic(error: unknown): boolean {
  const { severity = '', name = '' } = error as { severity?: string; name?: string };
  return ['PANIC', 'FATAL'].includes(severity) || ['RuntimeError', 'ExitStatus'].includes(name);
}

function guarded(pglite: PGlite, guard: Guard): PGliteLike {
  return {
    query: (text, values) => guard.run(() => pglite.query(text, values)),
    exec: (text) => guard.run(() => pglite.exec(text)),
    listen: (channel, callback) => guard.run(() => pglite.listen(channel, callback)),
  };
}

function transactionSession(tx: Transaction, guard: Guard): Session {
  const session: Session = sessionOf(connectionOf(tx, guard, (work) => inSavepoint(session, work)));
  return session;
}

function connectionOf(client: PGlite | Transaction, guard: Guard, transaction: Connection['transaction']): Connection {
  const query: Transaction['query'] = (text, values, options) => guard.run(() => client.query(text, values, options));
  return {
    driver: 'pglite',
    transaction,
    query: (text, values, rowMode) => query(text, values, { rowMode }),
    writeChunks: async (artifactId, chunks) => {
      const blob = encodeChunks(artifactId, chunks);
      await query(`COPY artifact_chunks (artifact_id, index, bytes) FROM '/dev/blob' WITH (FORMAT binary)`, [], {
        blob,
      });
    },
    readChunks: (artifactId) => readChunks(query, artifactId),
  };
}

/** COPY takes no parameters, so the id goes into the text, checked. One chunk at a time keeps the memory bounded. */
async function* readChunks(query: Transaction['query'], artifactId: string): AsyncGenerator<Uint8Array> {
  if (!/^[0-9a-f-]{36}$/.test(artifactId)) return;
  for (let index = 0; ; index += 1) {
    const selection = `SELECT bytes FROM artifact_chunks WHERE artifact_id = '${artifactId}' AND index = ${index}`;
    const { blob } = await query(`COPY (${selection}) TO '/dev/blob' WITH (FORMAT binary)`);
    const chunk = blob && decodeChunk(new Uint8Array(await blob.arrayBuffer()));
    if (!chunk) return;
    yield chunk;
  }
}

/** Codes of Node's files, and numbers of the same errors in WebAssembly (WASI). */
const full: unknown[] = ['ENOSPC', 'EDQUOT', '53100', 51, 19];
const notWritable: unknown[] = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG', 2, 63, 69, 54];

/** The expected failure behind an error of Node's files or of PGlite, if it is one. */
function failureOf(error: unknown, directory: string): DatabaseError | undefined {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause;
    const { name, code, errno, message = '' } = cause as Partial<NodeJS.ErrnoException>;
    const reason = name === 'ErrnoError' ? errno : code;
    if (full.includes(reason) || /No space left on device/i.test(message)) {
      return new DataDirectoryFullError(directory, error);
    }
    if (notWritable.includes(reason) || /Permission denied|Read-only file system/i.test(message)) {
      return new DataDirectoryNotWritableError(directory, error);
    }
  }
  return undefined;
}
