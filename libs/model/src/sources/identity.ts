// What a model is, by content: SHA-256 of its files, remembered by path, size and modification time so that a second
// start need not read gigabytes again. Not a security boundary: who can write the cache can write the model.

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

export interface ModelIdentity {
  /** Of one file: what `sha256sum` says. Of shards: of the lines that `sha256sum` prints for them, in name order. */
  weightsSha256: string;
  /** Of tokenizer.json, or of GGUF's tokenizer metadata as JSON with sorted keys; null where there is no tokenizer. */
  tokenizerSha256: string | null;
  chatTemplateSha256: string | null;
  /** The commit, where the model lies in the Hugging Face cache. */
  revision: string | null;
  /** The number format that holds most of the weights: float32, bfloat16, Q4_1. */
  dtype: string;
}

/** SHA-256 in hex. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The hash of one or several files, see ModelIdentity.weightsSha256. */
export async function hashFiles(files: readonly string[]): Promise<string> {
  if (files.length === 1) return hashFile(files[0]!);
  const lines: string[] = [];
  for (const file of files) lines.push(`${await hashFile(file)}  ${basename(file)}\n`);
  return sha256(lines.join(''));
}

async function hashFile(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  const key = JSON.stringify([file, size, mtimeMs]);
  const cached = join(cacheFolder(), 'sha256', `${sha256(file)}.json`);
  const known = await readCached(cached, key);
  if (known !== null) return known;
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  const digest = hash.digest('hex');
  await writeCached(cached, { key, sha256: digest });
  return digest;
}

/** DEMUR_CACHE, or .cache at the root of the repository. */
export function cacheFolder(): string {
  return process.env['DEMUR_CACHE'] ?? resolve(import.meta.dirname, '../../../../.cache');
}

async function readCached(file: string, key: string): Promise<string | null> {
  try {
    const known = JSON.parse(await readFile(file, 'utf8')) as { key?: unknown; sha256?: unknown };
    return known.key === key && typeof known.sha256 === 'string' ? known.sha256 : null;
  } catch {
    return null;
  }
}

/** Best effort: a cache that cannot be written costs time, not correctness. */
async function writeCached(file: string, entry: { key: string; sha256: string }): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  try {
    await mkdir(join(file, '..'), { recursive: true });
    await writeFile(temporary, JSON.stringify(entry));
    await rename(temporary, file);
  } catch {
    // The next call hashes the file again.
  }
}
