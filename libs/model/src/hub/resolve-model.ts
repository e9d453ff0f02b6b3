// The door to the Hub: turns what a user calls a model, a path or a Hub id, into a path on this machine.
// Not opening it: source.ts does, and knows nothing of the Hub.

import { mkdir, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { withFileErrors } from '../sources/file-errors.ts';
import { isFile, readJsonObject } from '../sources/read-json.ts';
import { findInCache, placeInSnapshot, repositoryCache, sizeOf, writeRef } from './cache.ts';
import type { RepositoryCache } from './cache.ts';
import { downloadBlob } from './download-file.ts';
import { HubBusyError, HubCacheError, HubGatedError, HubOfflineError, HubUnreachableError } from './errors.ts';
import { isCommit, parseHubReference, showReference } from './reference.ts';
import type { HubReference } from './reference.ts';
import { fileAddress, readFileFacts, readRepository } from './repository.ts';
import type { FileFacts, Repository } from './repository.ts';
import type { HubContext } from './request.ts';
import { selectGguf, selectModelFiles, shardsOf, WEIGHTS_INDEX } from './select-files.ts';
import { hubSettings } from './settings.ts';

export interface ResolveOptions {
  signal?: AbortSignal | undefined;
  /** Bytes of the files that are fetched; `done` never goes back, and `total` is known before the first call. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** Why nothing may be downloaded; then what is in the cache already has to do. */
  offline?: string | undefined;
  /** Instead of process.env. */
  environment?: Record<string, string | undefined> | undefined;
  /** The pause before the second try of a request that failed. */
  backoffMs?: number | undefined;
  /** How long a connection may be silent before it is given up. */
  silenceMs?: number | undefined;
}

/**
 * The absolute path of a model: `reference` itself where something lies there, else where the Hub's model of that id
 * lies in Hugging Face's cache, after fetching what is missing. What is no Hub id comes back as a path, existing or not.
 * Throws a DemurError of hub/errors.ts, or the signal's reason.
 */
export async function resolveModel(reference: string, options: ResolveOptions = {}): Promise<string> {
  const found = await hubReferenceOf(reference);
  if (found === null) return reference === '' ? '' : resolve(reference);
  options.signal?.throwIfAborted();
  const context = await contextOf(options);
  const cached = await findInCache(context.settings.cacheFolder, found);
  if (cached?.hasTokenizer && isCommit(found.revision)) return cached.path;
  if (cached !== null && whyOffline(context, options) !== null) return cached.path;
  requireOnline(found, context, options);
  return download(found, { cached: cached?.path ?? null, context, options });
}

/** The Hub reference that a text is; null where it is a path, as everything is that lies on this machine. */
export async function hubReferenceOf(reference: string): Promise<HubReference | null> {
  const found = parseHubReference(reference);
  const isPath = found !== null && (await stat(resolve(reference)).catch(() => null)) !== null;
  return isPath ? null : found;
}

/**
 * Asks the Hub whether a model could be fetched, and fetches nothing: it exists, may be read, and has files of a format
 * that is read here. Throws as resolveModel does.
 */
export async function checkHubModel(reference: HubReference, options: ResolveOptions = {}): Promise<void> {
  const context = await contextOf(options);
  requireOnline(reference, context, options);
  const repository = await readRepository(reference, context);
  if (reference.file === null) selectModelFiles(repository);
  else selectGguf(repository, reference.file);
}

async function contextOf({
  environment,
  signal,
  backoffMs = 500,
  silenceMs = 30_000,
}: ResolveOptions): Promise<HubContext> {
  return { settings: await hubSettings(environment), signal, backoffMs, silenceMs };
}

function requireOnline(reference: HubReference, context: HubContext, options: ResolveOptions): void {
  const why = whyOffline(context, options);
  if (why === null) return;
  throw new HubOfflineError(showReference(reference), { cacheFolder: context.settings.cacheFolder, why });
}

function whyOffline({ settings }: HubContext, { offline }: ResolveOptions): string | null {
  return settings.isOffline ? 'HF_HUB_OFFLINE is set' : (offline ?? null);
}

interface Download {
  cached: string | null;
  context: HubContext;
  options: ResolveOptions;
}

/** Looks the revision up and fetches what is missing. Without an answer, what is in the cache is good enough. */
async function download(reference: HubReference, { cached, context, options }: Download): Promise<string> {
  let repository: Repository;
  try {
    repository = await readRepository(reference, context);
  } catch (error) {
    const isAway = [HubUnreachableError, HubBusyError, HubGatedError].some((kind) => error instanceof kind);
    if (cached !== null && isAway) return cached;
    if (!(error instanceof HubUnreachableError)) throw error;
    throw new HubUnreachableError(error.host, error.reason, { cause: error, reference: showReference(reference) });
  }
  const { cacheFolder } = context.settings;
  return withCacheErrors(cacheFolder, async () => {
    const cache = repositoryCache(cacheFolder, repository.id);
    const path = await fetchModel(repository, { reference, cache, context, options });
    await writeRef(cache, reference.revision, repository.commit);
    return path;
  });
}

interface Fetching {
  reference: HubReference;
  cache: RepositoryCache;
  context: HubContext;
  options: ResolveOptions;
}

/** Fetches a model's files; the path of its snapshot, or of its GGUF file in it. */
async function fetchModel(repository: Repository, fetching: Fetching): Promise<string> {
  const snapshot = fetching.cache.snapshot(repository.commit);
  const { file } = fetching.reference;
  if (file !== null) {
    const gguf = selectGguf(repository, file);
    await fetchFiles(repository, [gguf], fetching);
    return join(snapshot, gguf);
  }
  const files = selectModelFiles(repository);
  if (!files.includes(WEIGHTS_INDEX)) await fetchFiles(repository, files, fetching);
  else {
    await fetchFiles(repository, [WEIGHTS_INDEX], { ...fetching, options: {} });
    const shards = shardsOf(repository, await readJsonObject(join(snapshot, WEIGHTS_INDEX)));
    await fetchFiles(repository, [...files, ...shards], fetching);
  }
  return snapshot;
}

/** Fetches those of the files that the snapshot lacks, one after the other, the small ones first. */
async function fetchFiles(repository: Repository, files: readonly string[], fetching: Fetching): Promise<void> {
  const { cache, context, options } = fetching;
  const snapshot = cache.snapshot(repository.commit);
  const present = await Promise.all(files.map((file) => isFile(join(snapshot, file))));
  const missing = files.filter((_, at) => !present[at]);
  const facts = await Promise.all(missing.map((path) => readFileFacts(repository, path, context)));
  await requireSpace(facts, { cache, cacheFolder: context.settings.cacheFolder });
  const progress = totalProgress(facts, options.onProgress);
  for (const [at, file] of facts.entries()) {
    const address = fileAddress(repository, file.path, context.settings.endpoint);
    const { id, commit } = repository;
    const places = { blob: cache.blob(file.etag), lock: cache.lock(file.etag) };
    await downloadBlob({ ...file, ...places, id, commit, address }, context, (bytes) => progress(at, bytes));
    await placeInSnapshot(places.blob, join(snapshot, file.path));
  }
}

/** Sums the files' bytes; what is fetched anew after damage is not told until it gets further than before. */
function totalProgress(facts: FileFacts[], onProgress: ResolveOptions['onProgress']) {
  const total = facts.reduce((sum, { size }) => sum + size, 0);
  const bytes = new Float64Array(facts.length);
  let told = -1;
  return (at: number, there: number) => {
    bytes[at] = there;
    const done = bytes.reduce((sum, size) => sum + size, 0);
    if (done <= told) return;
    told = done;
    onProgress?.({ done, total });
  };
}

async function requireSpace(
  facts: FileFacts[],
  { cache, cacheFolder }: { cache: RepositoryCache; cacheFolder: string },
): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const { bavail, bsize } = await statfs(cacheFolder);
  let needed = 0;
  for (const { etag, size } of facts)
    needed += Math.max(0, size - (await sizeOf(cache.blob(etag))) - (await sizeOf(`${cache.blob(etag)}.incomplete`)));
  if (needed <= bavail * bsize) return;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  throw new HubCacheError(cacheFolder, `has ${gigabytes(bavail * bsize)} free of ${gigabytes(needed)} needed`);
}

const CACHE_PROBLEMS: Record<string, string> = {
  ENOSPC: 'is full',
  EDQUOT: 'is full',
  EACCES: 'may not be written to',
  EPERM: 'may not be written to',
  EROFS: 'may not be written to',
  ENOTDIR: 'is no folder',
  EEXIST: 'is no folder',
};

async function withCacheErrors<T>(cacheFolder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = CACHE_PROBLEMS[(error as NodeJS.ErrnoException).code ?? ''];
    if (problem !== undefined && 'syscall' in (error as Error)) throw new HubCacheError(cacheFolder, problem, error);
    return withFileErrors(() => Promise.reject(error as Error));
  }
}
