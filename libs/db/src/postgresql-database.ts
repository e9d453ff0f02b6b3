/** PostgreSQL by URL: a pool of connections; any number of processes may share the database. */
import pg from 'pg';
import { inSavepoint, sessionOf, type Connection, type Database, type Session } from './database.ts';
import {
  DatabaseError,
  DatabaseFullError,
  DatabaseUnreachableError,
  InvalidDatabaseUrlError,
  causes,
  expectedFailure,
} from './errors.ts';

const maxConnections = 10;
const bossConnections = 3;

/** Connects to PostgreSQL and fails at once, with the address, where that is not possible. */
export async function openPostgresql(url: string): Promise<Database> {
  const address = addressOf(url);
  const pool = new pg.Pool({ connectionString: url, max: maxConnections, connectionTimeoutMillis: 10_000 });
  // A connection that breaks while idle is replaced by the pool; the next query reports what is wrong.
  pool.on('error', () => undefined);
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw failureOf(error, address) ?? new DatabaseUnreachableError(address, error);
  }
  return databaseOf(pool, url, address);
}

/** `host:port/database` of a URL, without user and password. */
function addressOf(url: string): string {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url)) throw new InvalidDatabaseUrlError();
  const { host, pathname, searchParams } = new URL(url);
  return `${host || searchParams.get('host') || 'localhost'}${pathname}`;
}

function databaseOf(pool: pg.Pool, url: string, address: string): Database {
  return {
    ...sessionOf(connectionOf(pool, address, (work) => inTransaction(pool, address, work))),
    bossOptions: { connectionString: url, max: bossConnections, backend: 'postgres' },
    close: async () => {
      if (!pool.ending) await pool.end();
    },
  };
}

async function inTransaction<T>(pool: pg.Pool, address: string, work: (session: Session) => Promise<T>): Promise<T> {
  const client = await connect(pool, address);
  let broken: Error | undefined;
  const noteBreak = (error: Error) => (broken = error);
  client.on('error', noteBreak);
  try {
    await client.query('BEGIN');
    const value = await work(transactionSession(client, address));
    await client.query('COMMIT');
    return value;
  } catch (error) {
    await client.query('ROLLBACK').catch(noteBreak);
    throw expectedFailure(error) ?? failureOf(error, address) ?? error;
  } finally {
    client.off('error', noteBreak);
    client.release(broken);
  }
}

async function connect(pool: pg.Pool, address: string): Promise<pg.PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw failureOf(error, address) ?? error;
  }
}

function transactionSession(client: pg.PoolClient, address: string): Session {
  const session: Session = sessionOf(connectionOf(client, address, (work) => inSavepoint(session, work)));
  return session;
}

type Query = (config: pg.QueryConfig & { rowMode?: string }) => Promise<{ rows: unknown[] }>;

function connectionOf(
  client: pg.Pool | pg.PoolClient,
  address: string,
  transaction: Connection['transaction'],
): Connection {
  const query = async (config: pg.QueryConfig & { rowMode?: string }): Promise<{ rows: unknown[] }> => {
    try {
      return await client.query(config);
    } catch (error) {
      throw failureOf(error, address) ?? error;
    }
  };
  return {
    driver: 'postgresql',
    transaction,
    query: (text, values, rowMode) => query({ text, values, ...(rowMode === 'array' && { rowMode }) }),
    writeChunks: async (artifactId, chunks) => {
      const text = 'INSERT INTO artifact_chunks (artifact_id, index, bytes) VALUES ($1, $2, $3)';
      for (const [index, chunk] of chunks.entries()) {
        await query({
          text,
          values: [artifactId, index, Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)],
        });
      }
    },
    readChunks: (artifactId) => readChunks(query, artifactId),
  };
}

async function* readChunks(query: Query, artifactId: string): AsyncGenerator<Uint8Array> {
  const text = 'SELECT bytes FROM artifact_chunks WHERE artifact_id = $1 AND index = $2';
  for (let index = 0; ; index += 1) {
    const { rows } = await query({ text, values: [artifactId, index] });
    const row = rows[0] as { bytes: Uint8Array } | undefined;
    if (!row) return;
    yield row.bytes;
  }
}

/** Connection lost or refused, wrong password, no such database, too many clients, shutting down. */
const unreachable =
  /^(ECONNREFUSED|ECONNRESET|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENOENT|08...|28...|3D000|53300|57P0.)$/;

function failureOf(error: unknown, address: string): DatabaseError | undefined {
  for (const cause of causes(error)) {
    if (cause instanceof DatabaseError) return cause;
    const { code, message } = cause as { code?: string; message?: string };
    if (code === '53100') return new DatabaseFullError(address, error);
    if (
      unreachable.test(code ?? '') ||
      /^Connection terminated|^Client has encountered a connection error|timeout exceeded when trying to connect/.test(
        message ?? '',
      )
    ) {
      return new DatabaseUnreachableError(address, error);
    }
  }
  return undefined;
}
