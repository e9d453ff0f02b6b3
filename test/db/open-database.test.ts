/** Opening a database, and every way in which that can go wrong: each ends in one sentence, and nothing is lost. */
import {
  DataDirectoryBrokenError,
  DataDirectoryFullError,
  DataDirectoryInUseError,
  DataDirectoryNotWritableError,
  DatabaseTooNewError,
  DatabaseUnreachableError,
  InvalidDatabaseUrlError,
  createDataSet,
  expectedFailure,
  findExperiment,
  listArtifacts,
  listDataSets,
  openDatabase,
  readArtifact,
  writeArtifact,
  type Database,
} from '@demur/db';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresMissing, startPostgres } from '../support/postgres.ts';
import { onBothDatabases, temporaryFolder } from './both-databases.ts';
import { startChild, type Child } from './child-process.ts';
import type { ChildTask } from './database-child.ts';
import { runningExperiment } from './fixtures.ts';

/** A data directory with one data set in it, copied for each test: making a new database takes seconds. */
let template: string;
let dataDir: string;
const children: Child[] = [];

beforeAll(async () => {
  template = await temporaryFolder();
  const database = await openDatabase({ dataDir: template });
  await createDataSet(database, { slug: 'kept', name: 'Kept', pairs: [] });
  await database.close();
});

beforeEach(async () => {
  dataDir = await temporaryFolder();
});

const copyTemplate = () => cp(template, dataDir, { recursive: true });

afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => child.kill()));
  rmSync(dataDir, { recursive: true, force: true });
});

afterAll(() => rmSync(template, { recursive: true, force: true }));

function child(task: ChildTask): Child {
  const started = startChild('database-child.ts', task);
  children.push(started);
  return started;
}

async function expectKept(database: Database): Promise<void> {
  expect((await listDataSets(database)).map(({ slug }) => slug)).toEqual(['kept']);
  await database.close();
}

describe('the lock of a data directory', () => {
  beforeEach(copyTemplate);
  const lockFile = () => join(dataDir, 'lock');
  const writeLock = (owner: object) => writeFileSync(lockFile(), JSON.stringify(owner));
  const since = '2026-01-01T00:00:00.000Z';

  it('refuses a second process, which says who has it and what to do', async () => {
    const database = await openDatabase({ dataDir });
    const line = await child({ location: { dataDir }, task: 'hold' }).line();
    expect(line).toContain(
      `DataDirectoryInUseError: The data directory ${dataDir} is in use by process ${process.pid} `,
    );
    expect(line).toContain('Stop that process, or give this one a data directory of its own.');
    await expectKept(database);
    expect(existsSync(lockFile())).toBe(false);
  });

  it('refuses this process as well while another one has it, or itself', async () => {
    const holder = child({ location: { dataDir }, task: 'hold' });
    expect(await holder.line()).toBe('open');
    const refused = openDatabase({ dataDir });
    await expect(refused).rejects.toThrow(DataDirectoryInUseError);
    await expect(refused).rejects.toMatchObject({ code: 'DATA_DIRECTORY_IN_USE' });
    await expect(refused).rejects.toThrow(`process ${holder.process.pid} `);
    await holder.kill();
    const database = await openDatabase({ dataDir });
    await expect(openDatabase({ dataDir })).rejects.toThrow(DataDirectoryInUseError);
    await expectKept(database);
  });

  it('is taken over from a process that was killed', async () => {
    const holder = child({ location: { dataDir }, task: 'hold' });
    expect(await holder.line()).toBe('open');
    await holder.kill();
    expect(existsSync(lockFile())).toBe(true);
    await expectKept(await openDatabase({ dataDir }));
  });

  it.runIf(process.platform === 'linux')('is taken over when its pid belongs to a process started later', async () => {
    writeLock({ pid: process.ppid, host: hostname(), since, started: 'another boot/1' });
    await expectKept(await openDatabase({ dataDir }));
  });

  it('of another host holds as long as it is kept fresh', async () => {
    writeLock({ pid: 1, host: 'another-host', since, started: null });
    await expect(openDatabase({ dataDir })).rejects.toThrow('in use by process 1 on another-host');
    const anHourAgo = new Date(Date.now() - 3_600_000);
    utimesSync(lockFile(), anHourAgo, anHourAgo);
    await expectKept(await openDatabase({ dataDir }));
  });

  it.each(['', '[]', '{"pid":"x"}'])('that holds %j is nobody’s', async (text) => {
    writeFileSync(lockFile(), text);
    await expectKept(await openDatabase({ dataDir }));
  });

  it('goes to one of several processes that find it stale', async () => {
    writeLock({ pid: 2 ** 22 + 1, host: hostname(), since, started: null });
    const lines = await Promise.all(
      Array.from({ length: 4 }, () => child({ location: { dataDir }, task: 'hold' }).line()),
    );
    expect(lines.filter((line) => line === 'open')).toHaveLength(1);
    expect(lines.filter((line) => line.includes('DataDirectoryInUseError'))).toHaveLength(3);
  });
});

describe('a data directory', () => {
  beforeEach(copyTemplate);
  it('is not made anew when it opens again', async () => {
    const made = () => statSync(join(dataDir, 'pglite', 'PG_VERSION')).ino;
    const before = made();
    await expectKept(await openDatabase({ dataDir }));
    expect(made()).toBe(before);
  });

  it('whose first start was cut short starts anew', async () => {
    const fresh = join(dataDir, 'fresh');
    mkdirSync(join(fresh, 'pglite.new', 'global'), { recursive: true });
    writeFileSync(join(fresh, 'pglite.new', 'PG_VERSION'), '18');
    const database = await openDatabase({ dataDir: fresh });
    expect(await listDataSets(database)).toEqual([]);
    await database.close();
  });

  it('that is damaged is left alone, with the reason', async () => {
    truncateSync(join(dataDir, 'pglite', 'global', 'pg_control'), 0);
    await expect(openDatabase({ dataDir })).rejects.toThrow(DataDirectoryBrokenError);
    await expect(openDatabase({ dataDir })).rejects.toThrow(
      `${dataDir} cannot be opened (could not read file "global/pg_control"`,
    );
  });

  it('that has lost a file is not written over by an empty one', async () => {
    const version = join(dataDir, 'pglite', 'PG_VERSION');
    const text = readFileSync(version);
    rmSync(version);
    await expect(openDatabase({ dataDir })).rejects.toThrow(DataDirectoryBrokenError);
    writeFileSync(version, text);
    await expectKept(await openDatabase({ dataDir }));
  });

  it('that cannot be a directory is named', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      await expect(openDatabase({ dataDir: path })).rejects.toThrow(DataDirectoryNotWritableError);
      await expect(openDatabase({ dataDir: path })).rejects.toThrow(`The data directory ${path} cannot be written`);
    }
  });

  it('without the right to write is named', async () => {
    chmodSync(dataDir, 0o500);
    const opening = asNobody(() => openDatabase({ dataDir: join(dataDir, 'below') }));
    await expect(opening).rejects.toThrow(DataDirectoryNotWritableError);
    await expect(opening).rejects.toMatchObject({ code: 'DATA_DIRECTORY_NOT_WRITABLE', message: /EACCES/ });
    chmodSync(dataDir, 0o700);
  });
});

/** Root may write everywhere, so it acts as nobody for the time of the call. */
async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Only root can make a disk of a given size. */
const noDisks = process.platform !== 'linux' || process.getuid?.() !== 0;

describe.skipIf(noDisks)('a full disk', () => {
  let disk: string;
  const mount = (size: string) => execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  beforeEach(() => {
    disk = join(dataDir, 'disk');
    mkdirSync(disk);
  });
  afterEach(() => {
    // Lazily: a start that failed in this process leaves files of it open.
    execFileSync('umount', ['--lazy', disk]);
  });

  it('on the first start is named, and a second try with more room works', async () => {
    mount('12m');
    const opening = openDatabase({ dataDir: disk });
    await expect(opening).rejects.toThrow(DataDirectoryFullError);
    await expect(opening).rejects.toThrow(`No space is left on the disk of the data directory ${disk}.`);
    execFileSync('mount', ['-o', 'remount,size=400m', disk]);
    await (await openDatabase({ dataDir: disk })).close();
  });

  it('in the middle is named, stops the database, and loses nothing that was stored', async () => {
    mount('120m');
    await cp(join(template, 'pglite'), join(disk, 'pglite'), { recursive: true });
    const database = await openDatabase({ dataDir: disk });
    const { id } = await runningExperiment(database);
    const stored = await fillUp(database, id);
    await expect(database.executeSql('SELECT 1')).rejects.toThrow(DataDirectoryFullError);
    const asking = findExperiment(database, id).catch((error: unknown) => expectedFailure(error));
    expect(await asking).toBeInstanceOf(DataDirectoryFullError);
    await database.close();
    execFileSync('mount', ['-o', 'remount,size=400m', disk]);
    const again = await openDatabase({ dataDir: disk });
    const artifacts = await listArtifacts(again, id);
    expect(artifacts).toHaveLength(stored);
    for (const artifact of artifacts)
      expect((await readArtifact(again, artifact)).values.every((v) => v === 1.5)).toBe(true);
    await expectKept(again);
  });

  /** Writes arrays until there is no room; how many were stored. */
  async function fillUp(database: Database, experimentId: string): Promise<number> {
    const values = new Float32Array(1_000_000).fill(1.5);
    for (let n = 0; ; n += 1) {
      try {
        await writeArtifact(database, { experimentId }, { name: `array-${n}`, shape: [values.length], values });
      } catch (error) {
        expect(error).toBeInstanceOf(DataDirectoryFullError);
        return n;
      }
    }
  }
});

onBothDatabases(({ location }) => {
  it('a process killed between writing a result and COMMIT leaves the database as it was', async () => {
    const before = await openDatabase(location());
    const experiment = await runningExperiment(before);
    await before.close();
    const writer = child({ location: location(), task: 'half-complete', experimentId: experiment.id });
    expect(await writer.line()).toBe('written');
    await writer.kill();
    const after = await openDatabase(location());
    expect(await findExperiment(after, experiment.id)).toEqual(experiment);
    expect(await listArtifacts(after, experiment.id)).toEqual([]);
    await after.close();
  });

  it('refuses a database that a newer version has written', async () => {
    const database = await openDatabase(location());
    const insert = "INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('future', 99999999999999)";
    await database.executeSql(insert);
    await database.close();
    await expect(openDatabase(location())).rejects.toThrow(DatabaseTooNewError);
  });
});

const noPostgres = await postgresMissing();

describe.skipIf(noPostgres)(`PostgreSQL ${noPostgres ?? ''}`, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  it('is migrated once by processes that start at the same time', async () => {
    const starts = Array.from({ length: 4 }, () => child({ location: { url: server.url }, task: 'open' }).line());
    expect(await Promise.all(starts)).toEqual(['closed', 'closed', 'closed', 'closed']);
    const database = await openDatabase({ url: server.url });
    const { rows } = await database.executeSql(
      'SELECT hash, count(*)::int AS times FROM drizzle.__drizzle_migrations GROUP BY hash',
    );
    const journal = JSON.parse(readFileSync(join(libsDb, 'drizzle/meta/_journal.json'), 'utf8')) as {
      entries: object[];
    };
    expect(rows.map(({ times }) => times)).toEqual(journal.entries.map(() => 1));
    await database.close();
  });

  it('that lacks the database is named with it', async () => {
    const opening = openDatabase({ url: server.url.replace(/postgres$/, 'missing') });
    await expect(opening).rejects.toThrow(DatabaseUnreachableError);
    await expect(opening).rejects.toThrow('database "missing" does not exist');
  });

  it('that goes away in the middle is reported, and used again when it is back', async () => {
    const database = await openDatabase({ url: server.url });
    const killOthers =
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL';
    const inTransaction = database.transaction(async (session) => {
      await database.executeSql(killOthers);
      await session.executeSql('SELECT 1');
    });
    await expect(inTransaction).rejects.toThrow(DatabaseUnreachableError);
    expect((await database.executeSql('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await database.close();
  });
});

describe('a database URL', () => {
  it('without a server behind it is named, without the password', async () => {
    const opening = openDatabase({ url: 'postgres://me:secret@127.0.0.1:1/demur' });
    await expect(opening).rejects.toThrow(DatabaseUnreachableError);
    await expect(opening).rejects.toThrow(
      'PostgreSQL at 127.0.0.1:1/demur cannot be used (connect ECONNREFUSED 127.0.0.1:1)',
    );
    await expect(opening).rejects.not.toThrow('secret');
  });

  it.each(['mysql://localhost/x', 'demur', 'postgres://'])('such as %s is refused', async (url) => {
    await expect(openDatabase({ url })).rejects.toThrow(/InvalidDatabaseUrl|PostgreSQL URL|cannot be used/);
    if (!url.startsWith('postgres')) await expect(openDatabase({ url })).rejects.toThrow(InvalidDatabaseUrlError);
  });
});

const libsDb = fileURLToPath(new URL('../../libs/db', import.meta.url));

it('the SQL of the migrations makes the tables of the schema', async () => {
  const out = join(dataDir, 'drizzle');
  await cp(join(libsDb, 'drizzle'), out, { recursive: true });
  const drizzleKit = join(libsDb, '../../node_modules/drizzle-kit/bin.cjs');
  const options = [
    'generate',
    '--dialect=postgresql',
    '--schema=src/schema/index.ts',
    `--out=${relative(libsDb, out)}`,
  ];
  const output = execFileSync(process.execPath, [drizzleKit, ...options], { cwd: libsDb, encoding: 'utf8' });
  expect(output).toContain('No schema changes');
});
