/** The one way into the database, embedded or PostgreSQL. */
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openPglite } from './pglite-database.ts';
import { openPostgresql } from './postgresql-database.ts';

/** Where the database is: a directory for the embedded one, or the URL of a PostgreSQL. `url` wins. */
export interface DatabaseLocation {
  dataDir?: string | undefined;
  url?: string | undefined;
}

/**
 * Opens the database and brings its tables up to date.
 * @throws DataDirectoryInUseError, DataDirectoryNotWritableError, DataDirectoryFullError, DataDirectoryBrokenError
 *   for a directory; DatabaseUnreachableError, InvalidDatabaseUrlError for a URL; DatabaseTooNewError for both.
 */
export async function openDatabase({ dataDir, url }: DatabaseLocation): Promise<Database> {
  if (url === undefined && dataDir === undefined) throw new TypeError('openDatabase needs a dataDir or a url.');
  const database = url === undefined ? await openPglite(dataDir ?? '') : await openPostgresql(url);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
