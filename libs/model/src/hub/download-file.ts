// One file of a repository into the cache: goes on from what an earlier try left, checks size and hash, and only then
// gives the file its name. Writers never truncate, so that two of them at one partial file write the same bytes.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isFile } from '../sources/read-json.ts';
import { sizeOf } from './cache.ts';
import { HubAnswerError, HubBusyError, HubChecksumError, HubCutError, HubUnreachableError } from './errors.ts';
import { withLock } from './lock.ts';
import type { FileFacts } from './repository.ts';
import { requireFound } from './repository.ts';
import { ask, retrying } from './request.ts';
import type { HubAnswer, HubContext } from './request.ts';

/** A file to fetch and where its content goes. */
export interface BlobDownload extends FileFacts {
  id: string;
  commit: string;
  address: string;
  blob: string;
  lock: string;
}

/** Tries in a row that bring no byte. */
const TRIES = 6;

/** Content that is not what the Hub said, though it came in whole. */
class DamagedError extends Error {}

/** Fetches a file unless it is there. `onBytes` tells how many bytes of it there are. @throws DemurError */
export async function downloadBlob(
  file: BlobDownload,
  context: HubContext,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const partial = `${file.blob}.incomplete`;
  await mkdir(dirname(file.blob), { recursive: true });
  const onWait = async () => onBytes(Math.min(await sizeOf(partial), file.size));
  const work = async () => {
    if (!(await isFile(file.blob))) await downloadWhole({ ...file, partial }, context, onBytes);
  };
  await withLock(file.lock, work, { signal: context.signal, onWait });
  onBytes(file.size);
}

type Partial = BlobDownload & { partial: string };

/** Damage is deleted and the file fetched once more: what was resumed may have been damaged long ago. */
async function downloadWhole(file: Partial, context: HubContext, onBytes: (bytes: number) => void): Promise<void> {
  for (let isSecond = false; ; isSecond = true) {
    try {
      await fetchRest(file, context, onBytes);
      await verify(file, context.signal);
      break;
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error;
      await rm(file.partial, { force: true });
      if (isSecond) throw new HubChecksumError(`${file.id}/${file.path}`, error.message);
    }
  }
  await rename(file.partial, file.blob).catch(async (error: unknown) => {
    if (!(await isFile(file.blob))) throw error; // else another one was as quick
  });
}

async function fetchRest(file: Partial, context: HubContext, onBytes: (bytes: number) => void): Promise<void> {
  let most = 0;
  const tell = (bytes: number) => {
    most = Math.max(most, bytes);
    onBytes(bytes);
  };
  try {
    await retrying(() => fetchOnce(file, context, tell), { context, tries: TRIES, progress: () => most });
  } catch (error) {
    if (!(error instanceof HubUnreachableError || error instanceof HubBusyError) || most === 0) throw error;
    const reason = error instanceof HubBusyError ? 'the host is busy' : error.reason;
    throw new HubCutError(`${file.id}/${file.path}`, { done: most, total: file.size, reason });
  }
}

/** One request for what is missing. Returns once all bytes are on disk. */
async function fetchOnce(file: Partial, context: HubContext, tell: (bytes: number) => void): Promise<void> {
  const there = await sizeOf(file.partial);
  if (there > file.size) throw new DamagedError(`${there} bytes instead of ${file.size}`);
  tell(there);
  if (there === file.size && there > 0) return;
  const headers: Record<string, string> = there === 0 ? {} : { range: `bytes=${there}-` };
  const answer = await ask(file.address, { method: 'GET', headers }, context);
  try {
    const start = await startOf(answer, { file, there, context });
    await write(answer, { file, start, tell });
  } finally {
    answer.close();
  }
}

/** The offset of the first byte that an answer brings. Throws where it is not an answer about this file. */
async function startOf(
  answer: HubAnswer,
  { file, there, context }: { file: Partial; there: number; context: HubContext },
): Promise<number> {
  const { host } = new URL(file.address);
  if (answer.status === 416) throw new DamagedError(`fewer than the ${there + 1} bytes expected`);
  await requireFound(answer, { id: file.id, revision: file.commit, file: file.path }, context);
  if (!['identity', null].includes(answer.header('content-encoding')))
    throw new HubAnswerError(host, `${file.path} comes compressed, though it was not asked for so`);
  if (answer.status === 206) {
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(answer.header('content-range') ?? '') ?? [];
    if (Number(start) !== there) throw new HubAnswerError(host, `${file.path} from another byte than asked for`);
    if (total !== '*' && Number(total) !== file.size) throw new DamagedError(`${total} bytes instead of ${file.size}`);
    return there;
  }
  const length = answer.header('content-length');
  if (length !== null && Number(length) !== file.size)
    throw new DamagedError(`${length} bytes instead of ${file.size}`);
  return 0;
}

interface Writing {
  file: Partial;
  start: number;
  tell: (bytes: number) => void;
}

async function write(answer: HubAnswer, { file, start, tell }: Writing): Promise<void> {
  if (start === 0) await rm(file.partial, { force: true });
  const handle = await openPartial(file.partial);
  try {
    let end = start;
    for await (const chunk of answer.chunks()) {
      if (end + chunk.length > file.size) throw new DamagedError(`more than the ${file.size} bytes expected`);
      await writeAt(handle, chunk, end);
      end += chunk.length;
      tell(end);
    }
    if (end < file.size) throw new HubUnreachableError(new URL(file.address).host, 'the connection was cut');
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAt(handle: FileHandle, chunk: Buffer, position: number): Promise<void> {
  for (let at = 0; at < chunk.length;)
    at += (await handle.write(chunk, at, chunk.length - at, position + at)).bytesWritten;
}

/** Opened as it is, or made: never emptied under another writer's hands. */
async function openPartial(partial: string): Promise<FileHandle> {
  try {
    return await open(partial, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return open(partial, 'wx');
  }
}

/** SHA-256 for a large file, git's hash of a blob for a small one; any other name of content says nothing about it. */
async function verify({ partial, etag, size }: Partial, signal: AbortSignal | undefined): Promise<void> {
  const found = await sizeOf(partial);
  if (found !== size) throw new DamagedError(`${found} bytes instead of ${size}`);
  const hash = hashFor(etag, size);
  if (hash === null) return;
  for await (const chunk of createReadStream(partial, { highWaterMark: 2 ** 20, signal })) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  if (digest !== etag.toLowerCase()) throw new DamagedError(`hash ${digest} instead of ${etag}`);
}

function hashFor(etag: string, size: number) {
  if (/^[0-9a-f]{64}$/i.test(etag)) return createHash('sha256');
  if (/^[0-9a-f]{40}$/i.test(etag)) return createHash('sha1').update(`blob ${size}\0`);
  return null;
}
