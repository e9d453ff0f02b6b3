/** Brings the tables to the newest version. The SQL in drizzle/ is generated from src/schema by drizzle-kit. */
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { fileURLToPath } from 'node:url';
import type { Session } from './database.ts';
import { DatabaseError } from './errors.ts';

const migrationsFolder = fileURLToPath(new URL('../drizzle', import.meta.url));

/** Any number, the same in every process: one process migrates, the others wait for it. */
const advisoryLockKey = 1_684_368_754;

export class DatabaseTooNewError extends DatabaseError {
  constructor() {
    super(
      'DATABASE_TOO_NEW',
      'The database was written by a newer version of this program. Update the program, or use another database.',
    );
  }
}

/** Applies the migrations that are missing, in one transaction. Safe when several processes start at once. */
export async function migrate(session: Session): Promise<void> {
  const migrations = readMigrationFiles({ migrationsFolder });
  if ((await lastMigration(session)) === migrations.at(-1)?.folderMillis) return;
  await session.transaction(async (tx) => {
    await tx.executeSql('SELECT pg_advisory_xact_lock($1)', [advisoryLockKey]);
    await createMigrationsTable(tx);
    const last = await lastMigration(tx);
    if (last > (migrations.at(-1)?.folderMillis ?? 0)) throw new DatabaseTooNewError();
    for (const migration of migrations.filter(({ folderMillis }) => folderMillis > last)) {
      for (const statement of migration.sql) await tx.executeSql(statement);
      await tx.executeSql('INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ($1, $2)', [
        migration.hash,
        migration.folderMillis,
      ]);
    }
  });
}

/** The same table as drizzle's own migrator keeps, so that drizzle-kit understands the database. */
async function createMigrationsTable(session: Session): Promise<void> {
  await session.executeSql('CREATE SCHEMA IF NOT EXISTS drizzle');
  await session.executeSql(
    'CREATE TABLE IF NOT EXISTS drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)',
  );
}

/** When the last applied migration was generated, in milliseconds; 0 on an empty database. */
async function lastMigration(session: Session): Promise<number> {
  const table = await session.executeSql<{ exists: boolean }>(
    "SELECT to_regclass('drizzle.__drizzle_migrations') IS NOT NULL AS exists",
  );
  if (table.rows[0]?.exists !== true) return 0;
  const { rows } = await session.executeSql<{ last: unknown }>(
    'SELECT max(created_at) AS last FROM drizzle.__drizzle_migrations',
  );
  return Number(rows[0]?.last ?? 0);
}
