// A lock between processes and within one: who comes second waits. It saves a second download; that files are whole
// does not depend on it. A lock whose process died, or that nobody has touched for a while, is taken over.

import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 5_000;
const STALE_MS = 30_000;
const POLL_MS = 200;

interface LockOptions {
  signal?: AbortSignal | undefined;
  /** Called while another one holds the lock. */
  onWait?: () => void | Promise<void>;
}

interface Owner {
  pid: number;
  host: string;
  nonce: string;
}

/** Runs `work` while holding the lock at `file`. @throws the signal's reason while waiting */
export async function withLock<T>(file: string, work: () => Promise<T>, options: LockOptions = {}): Promise<T> {
  const owner: Owner = { pid: process.pid, host: hostname(), nonce: randomBytes(8).toString('hex') };
  await mkdir(dirname(file), { recursive: true });
  while (!(await tryLock(file, owner))) {
    await options.onWait?.();
    options.signal?.throwIfAborted();
    if (await isAbandoned(file)) await takeAway(file);
    else await sleep(POLL_MS);
  }
  const heartbeat = setInterval(() => void touch(file), HEARTBEAT_MS).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if ((await ownerOf(file))?.nonce === owner.nonce) await rm(file, { force: true });
  }
}

async function tryLock(file: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(JSON.stringify(owner)).finally(() => handle.close());
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
}

async function ownerOf(file: string): Promise<Owner | null> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner;
  } catch {
    return null; // gone, or just being written
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => null);
  if (found === null) return false;
  if (Date.now() - found.mtimeMs > STALE_MS) return true;
  const owner = await ownerOf(file);
  return owner !== null && owner.host === hostname() && !isAlive(owner.pid);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Renaming first: of several that find it abandoned, one removes it. */
async function takeAway(file: string): Promise<void> {
  const aside = `${file}.${randomBytes(6).toString('hex')}`;
  await rename(file, aside).catch(() => undefined);
  await rm(aside, { force: true });
}
