/** The embedded database: PGlite in a data directory, behind a lock. One connection, one process. */
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { mkdirSync, renameSync, rmSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fromPglite } from 'pg-boss';
import { decodeChunk, encodeChunks } from './copy-binary.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { inSavepoint, sessionOf, type Connection, type Database, type Session } from './database.ts';
import {
  DatabaseError,
  DataDirectoryBrokenError,
  DataDirectoryFullError,
  DataDirectoryNotWritableError,
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
    await (await PGlite.create(unfinished)).close();
    renameSync(unfinished, path);
  }
  return PGlite.create(path);
}

function databaseOf(pglite: PGlite, directory: string, lock: { release(): void }): Database {
  const transaction = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    try {
      return await pglite.transaction((tx) => work(transactionSession(tx, directory)));
    } catch (error) {
      throw expectedFailure(error) ?? failureOf(error, directory) ?? error;
    }
  };
  return {
    ...sessionOf(connectionOf(pglite, directory, transaction)),
    bossOptions: { db: fromPglite(pglite), backend: 'pglite' },
    close: async () => {
      if (!pglite.closed) await pglite.close();
      lock.release();
    },
  };
}

function transactionSession(tx: Transaction, directory: string): Session {
  const session: Session = sessionOf(connectionOf(tx, directory, (work) => inSavepoint(session, work)));
  return session;
}

function connectionOf(
  client: PGlite | Transaction,
  directory: string,
  transaction: Connection['transaction'],
): Connection {
  const query: Transaction['query'] = async (text, values, options) => {
    try {
      return await client.query(text, values, options);
    } catch (error) {
      throw failureOf(error, directory) ?? error;
    }
  };
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

const notWritable = ['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENAMETOOLONG'];

/** The expected failure behind an error of Node's files or of PGlite, if it is one. */
function failureOf(error: unknown, directory: string): DatabaseError | undefined {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause;
    const { code, message } = cause as { code?: string; message?: string };
    if (code === 'ENOSPC' || code === 'EDQUOT' || code === '53100' || /No space left on device/i.test(message ?? '')) {
      return new DataDirectoryFullError(directory, error);
    }
    if (notWritable.includes(code ?? '') || /Permission denied|Read-only file system/i.test(message ?? '')) {
      return new DataDirectoryNotWritableError(directory, error);
    }
  }
  return undefined;
}
