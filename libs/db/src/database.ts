/** What the rest of the package works on: a session, which is the whole database or one transaction of it. */
import type { PgRemoteDatabase } from 'drizzle-orm/pg-proxy';
import { drizzle } from 'drizzle-orm/pg-proxy';
import type { ConstructorOptions } from 'pg-boss';
import * as schema from './schema/index.ts';

export type Driver = 'pglite' | 'postgresql';
export type Orm = PgRemoteDatabase<typeof schema>;
export type Row = Record<string, unknown>;

/** Where queries run. Every repository function takes one first, so that a caller decides on the transaction. */
export interface Session {
  readonly driver: Driver;
  /** Drizzle over this session. For a transaction use `transaction` below, not drizzle's own. */
  readonly orm: Orm;
  /** Plain SQL with `$1` placeholders; one row an object. */
  executeSql<T extends Row = Row>(text: string, values?: unknown[]): Promise<{ rows: T[] }>;
  /** Commits when `work` ends and rolls back when it throws; inside a transaction it is a savepoint. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Writes the bytes of an artifact in the way that is fast on this driver. */
  writeChunks(artifactId: string, chunks: readonly Uint8Array[]): Promise<void>;
  /** The bytes of an artifact, chunk after chunk. */
  readChunks(artifactId: string): AsyncIterable<Uint8Array>;
}

/** An open database. */
export interface Database extends Session {
  /** How pg-boss reaches the same database. */
  readonly bossOptions: ConstructorOptions;
  /** Ends all connections and releases the data directory. Safe to call twice. */
  close(): Promise<void>;
}

/** What a driver provides; the rest of a session is the same on both. */
export interface Connection {
  readonly driver: Driver;
  query(text: string, values: unknown[], rowMode: 'array' | 'object'): Promise<{ rows: unknown[] }>;
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  writeChunks: Session['writeChunks'];
  readChunks: Session['readChunks'];
}

/** A session over a driver's connection. */
export function sessionOf(connection: Connection): Session {
  return {
    driver: connection.driver,
    orm: drizzle((text, values, method) => connection.query(text, values, method === 'all' ? 'array' : 'object'), {
      schema,
    }),
    executeSql: async <T extends Row>(text: string, values: unknown[] = []) => {
      const { rows } = await connection.query(text, values, 'object');
      return { rows: rows as T[] };
    },
    transaction: (work) => connection.transaction(work),
    writeChunks: (artifactId, chunks) => connection.writeChunks(artifactId, chunks),
    readChunks: (artifactId) => connection.readChunks(artifactId),
  };
}

let savepoints = 0;

/** Runs `work` in a savepoint of the transaction that `session` is in. */
export async function inSavepoint<T>(session: Session, work: (session: Session) => Promise<T>): Promise<T> {
  const name = `savepoint_${(savepoints += 1)}`;
  await session.executeSql(`SAVEPOINT ${name}`);
  try {
    const value = await work(session);
    await session.executeSql(`RELEASE SAVEPOINT ${name}`);
    return value;
  } catch (error) {
    await session.executeSql(`ROLLBACK TO SAVEPOINT ${name}`);
    throw error;
  }
}
