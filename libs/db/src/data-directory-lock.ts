/** The lock of a directory, of data or of a build: a file with its owner's pid. Not a lock between threads of one process. */
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DataDirectoryInUseError } from './errors.ts';

/** Who holds the directory. `started` tells two processes apart that had the same pid one after the other. */
interface Owner {
  pid: number;
  host: string;
  since: string;
  started: string | null;
}

const refreshMs = 2_000;
/** An owner on another host, whose pid says nothing here, is taken for dead after this long without a refresh. */
const silentMs = 20_000;

/**
 * Takes the lock of a directory, also from an owner that has died; `release` gives it back.
 * @throws DataDirectoryInUseError when a living process holds it, this one included.
 */
export function lockDataDirectory(directory: string): { release(): void } {
  const path = join(directory, 'lock');
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    started: startOf(process.pid),
  };
  if (!createFile(path, owner)) takeOver(directory, path, owner);
  return holdLock(path);
}

function holdLock(path: string): { release(): void } {
  const refresh = setInterval(() => touch(path), refreshMs).unref();
  const release = () => {
    clearInterval(refresh);
    process.off('exit', release);
    rmSync(path, { force: true });
  };
  process.on('exit', release);
  return { release };
}

/** Replaces a dead owner's lock. A second file makes sure that only one process does so at a time. */
function takeOver(directory: string, path: string, owner: Owner): void {
  const turn = `${path}.takeover`;
  if (isOld(turn)) rmSync(turn, { force: true });
  const current = readOwner(path);
  if (current && isAlive(path, current)) throw new DataDirectoryInUseError(directory, current);
  if (!createFile(turn, owner)) throw new DataDirectoryInUseError(directory, readOwner(turn) ?? owner);
  try {
    const last = readOwner(path);
    if (last && isAlive(path, last)) throw new DataDirectoryInUseError(directory, last);
    rmSync(path, { force: true });
    if (!createFile(path, owner)) throw new DataDirectoryInUseError(directory, readOwner(path) ?? owner);
  } finally {
    rmSync(turn, { force: true });
  }
}

/** Writes the file with its content in one step; false if it is there already. */
function createFile(path: string, owner: Owner): boolean {
  const temporary = `${path}.${randomUUID()}`;
  writeFileSync(temporary, `${JSON.stringify(owner)}\n`, { flag: 'wx' });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The owner in a lock file; undefined if there is none, or if the file is no lock (then nobody holds it). */
function readOwner(path: string): Owner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Partial<Owner> | null;
    if (!Number.isInteger(owner?.pid) || typeof owner?.host !== 'string') return undefined;
    return owner as Owner;
  } catch {
    return undefined;
  }
}

function isAlive(path: string, owner: Owner): boolean {
  if (owner.host !== hostname()) return !isOld(path);
  return isRunning(owner.pid) && (owner.started === null || owner.started === startOf(owner.pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process started, as Linux counts it (clock ticks since this boot); null where that is not to be had. */
function startOf(pid: number): string | null {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return `${boot}/${afterName[19]}`;
  } catch {
    return null;
  }
}

function isOld(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false });
  return file !== undefined && Date.now() - file.mtimeMs > silentMs;
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The next refresh tries again; on this host the pid decides.
  }
}
