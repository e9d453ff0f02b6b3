/**
 * A new embedded database, with the queue of jobs and nothing in it. Making one takes seconds, so it is made once in a run of
 * tests and copied; how it is made is open-database.test.ts's and first-start.test.ts's part.
 */
import { constants, existsSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDatabase, openJobs } from '@demur/db';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** For what tests of one run share; gone after it. */
    folderOfRun: string;
  }
}

/** Puts it into a data directory that has none. */
export async function copyNewDatabase(dataDir: string): Promise<void> {
  const database = join(dataDir, 'pglite');
  if (existsSync(database)) return;
  const made = join(inject('folderOfRun'), 'pglite');
  if (!existsSync(made)) await make(made);
  await cp(made, database, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/** Two processes may make it at once: one of them is taken. */
async function make(path: string): Promise<void> {
  const own = `${path}-${process.pid}`;
  const database = await openDatabase({ dataDir: own });
  await (await openJobs(database)).stop();
  await database.close();
  await rename(join(own, 'pglite'), path).catch(() => undefined);
  await rm(own, { recursive: true, force: true });
}
