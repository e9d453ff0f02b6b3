/** Runs one contract on the embedded database and on a private PostgreSQL. What holds on one must hold on the other. */
import { openDatabase, type Database, type DatabaseLocation, type Driver } from '@demur/db';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { copyNewDatabase } from '../support/new-database.ts';
import { postgresMissing, startPostgres } from '../support/postgres.ts';

/** A place for a database that is empty before the first test. */
export interface DatabaseHome {
  driver: Driver;
  location(): DatabaseLocation;
}

const noPostgres = await postgresMissing();

/** Calls `contract` once for each driver, inside a `describe` of its name. */
export function onBothDatabases(contract: (home: DatabaseHome) => void): void {
  describe('PGlite', () => onPglite(contract));
  describe.skipIf(noPostgres)(`PostgreSQL${noPostgres ? ` (${noPostgres})` : ''}`, () => onPostgresql(contract));
}

/** As `onBothDatabases`, with one open database for all tests of the contract. */
export function withBothDatabases(contract: (database: () => Database) => void): void {
  onBothDatabases((home) => {
    let database: Database;
    beforeAll(async () => {
      database = await openDatabase(home.location());
    });
    afterAll(() => database?.close());
    contract(() => database);
  });
}

function onPglite(contract: (home: DatabaseHome) => void): void {
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await temporaryFolder();
    await copyNewDatabase(dataDir);
  });
  afterAll(() => rm(dataDir, { recursive: true, force: true }));
  contract({ driver: 'pglite', location: () => ({ dataDir }) });
}

function onPostgresql(contract: (home: DatabaseHome) => void): void {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  contract({ driver: 'postgresql', location: () => ({ url: server.url }) });
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'demur-db-'));
}
