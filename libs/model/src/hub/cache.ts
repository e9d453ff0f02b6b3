// Hugging Face's cache on disk: models--owner--name with blobs by hash, snapshots by commit, refs by revision.
// What Python's huggingface_hub put there is found, and it finds what is put here. Nothing is fetched.

import { copyFile, link, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { dirname, join, relative } from 'node:path';
import { isFile, readOptionalJsonObject } from '../sources/read-json.ts';
import { isCommit } from './reference.ts';
import type { HubReference } from './reference.ts';
import { selectGguf, selectModelFiles, shardsOf, WEIGHTS_INDEX } from './select-files.ts';
import { listFiles } from './list-files.ts';

/** Paths of one repository in the cache. */
export interface RepositoryCache {
  id: string;
  /** Holds the files of a commit under their names. */
  snapshot(commit: string): string;
  /** Where content with this hash lies. */
  blob(etag: string): string;
  /** Held while content with this hash is fetched. */
  lock(etag: string): string;
  /** Says which commit a branch or tag was when it was last looked up. */
  ref(revision: string): string;
}

/** Where a repository lies, or will lie. */
export function repositoryCache(cacheFolder: string, id: string): RepositoryCache {
  const name = `models--${id.replace('/', '--')}`;
  const folder = join(cacheFolder, name);
  return {
    id,
    snapshot: (commit) => join(folder, 'snapshots', commit),
    blob: (etag) => join(folder, 'blobs', etag),
    lock: (etag) => join(cacheFolder, '.locks', name, `${etag}.demur.lock`),
    ref: (revision) => join(folder, 'refs', ...revision.split('/')),
  };
}

/** Puts a blob into a snapshot: by a relative link as Hugging Face does, else by a hard link or a copy. */
export async function placeInSnapshot(blob: string, pointer: string): Promise<void> {
  if (await isFile(pointer)) return;
  await mkdir(dirname(pointer), { recursive: true });
  const temporary = `${pointer}.${randomBytes(6).toString('hex')}`;
  try {
    await symlink(relative(dirname(pointer), blob), temporary)
      .catch(() => link(blob, temporary))
      .catch(() => copyFile(blob, temporary));
    await rename(temporary, pointer);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Notes which commit a revision is; a commit needs no note. */
export async function writeRef(cache: RepositoryCache, revision: string, commit: string): Promise<void> {
  if (revision === commit) return;
  const file = cache.ref(revision);
  if ((await readFile(file, 'utf8').catch(() => '')) === commit) return;
  const temporary = `${file}.${randomBytes(6).toString('hex')}`;
  await mkdir(dirname(file), { recursive: true });
  await writeFile(temporary, commit);
  await rename(temporary, file);
}

/** The commit of a revision as far as the cache knows. */
async function knownCommit(cache: RepositoryCache, revision: string): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const commit = await readFile(cache.ref(revision), 'utf8').catch(() => '');
  return isCommit(commit.trim()) ? commit.trim() : null;
}

/** A model in the cache: where it lies, and whether its tokenizer does. */
export interface CachedModel {
  path: string;
  hasTokenizer: boolean;
}

/** The model of a reference if the cache has all that running it needs, else null. */
export async function findInCache(cacheFolder: string, reference: HubReference): Promise<CachedModel | null> {
  const cache = repositoryCache(cacheFolder, reference.id);
  const commit = await knownCommit(cache, reference.revision);
  if (commit === null) return null;
  const snapshot = cache.snapshot(commit);
  const present = { id: reference.id, files: await listFiles(snapshot) };
  try {
    if (reference.file !== null)
      return { path: join(snapshot, selectGguf(present, reference.file)), hasTokenizer: true };
    const needed = selectModelFiles(present);
    if (needed.includes(WEIGHTS_INDEX))
      shardsOf(present, (await readOptionalJsonObject(join(snapshot, WEIGHTS_INDEX))) ?? {});
    return { path: snapshot, hasTokenizer: needed.includes('tokenizer.json') };
  } catch {
    return null; // something is missing
  }
}

/** Bytes of a file, 0 where there is none. */
export async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}
