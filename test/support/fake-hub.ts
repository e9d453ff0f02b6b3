/**
 * A Hub on this machine: two real HTTP servers, the one that knows repositories and the one that large files lie on,
 * as Hugging Face has them. What goes wrong on a real network is asked for by `faults`.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface HubRepository {
  commit: string;
  /** Branches and tags beside `main`, all of this commit. */
  revisions?: string[];
  files: Record<string, Buffer>;
  /** Names that the list tells and nothing lies behind. */
  alsoListed?: string[];
  /** Only who has this token may read. */
  token?: string;
  isGated?: boolean;
}

export interface HubRequest {
  on: 'hub' | 'storage';
  method: string;
  path: string;
  token: string | undefined;
  range: string | undefined;
}

interface Faults {
  /** Of each next answer with a large file: the bytes after which the connection is cut. */
  cuts: number[];
  /** Of each next answer with a large file: the bytes after which nothing comes any more. */
  stalls: number[];
  /** Of each next list of files: what is sent instead. */
  listings: string[];
  /** Of each next request to the Hub: the status it answers instead, and how long to wait. */
  statuses: { status: number; retryAfter?: string }[];
  /** Of each next large file: what is sent instead of its content. */
  contents: Buffer[];
  /** Knows no HEAD. */
  ignoresHead: boolean;
  /** Answers a range with the whole file. */
  ignoresRange: boolean;
  /** Between two pieces of 16 KiB. */
  pauseMs: number;
}

export interface FakeHub {
  endpoint: string;
  repositories: Record<string, HubRepository>;
  requests: HubRequest[];
  faults: Faults;
  /** Requests to fetch large files. */
  fetches(): HubRequest[];
  close(): Promise<void>;
}

/** Larger files are "LFS": hashed by SHA-256, on the other host. */
const LARGE_BYTES = 10_000;

/** Starts both servers. */
export async function openFakeHub(repositories: Record<string, HubRepository>): Promise<FakeHub> {
  const hub: FakeHub = {
    endpoint: '',
    repositories,
    requests: [],
    faults: {
      cuts: [],
      stalls: [],
      listings: [],
      statuses: [],
      contents: [],
      ignoresHead: false,
      ignoresRange: false,
      pauseMs: 0,
    },
    fetches: () => hub.requests.filter(({ on, method }) => on === 'storage' && method === 'GET'),
    close: async () => {
      for (const server of [front, storage]) server.close().closeAllConnections();
    },
  };
  const storage = await listen((request, response) => void serveStorage(hub, request, response));
  const front = await listen((request, response) => serveHub(hub, addressOf(storage), request, response));
  hub.endpoint = addressOf(front);
  return hub;
}

/** The files of a model's folder. */
export function filesOf(folder: string): Record<string, Buffer> {
  return Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
}

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

/** What git names a file's content by. */
export const gitHash = (content: Buffer): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> {
  const server = createServer(handler);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function note(hub: FakeHub, on: HubRequest['on'], { method, url, headers }: IncomingMessage): void {
  const token = headers.authorization?.replace('Bearer ', '');
  hub.requests.push({ on, method: method!, path: decodeURIComponent(url!), token, range: headers.range });
}

function refuse(response: ServerResponse, status: number, code?: string): void {
  response.writeHead(status, code === undefined ? {} : { 'x-error-code': code }).end();
}

function serveHub(hub: FakeHub, storage: string, request: IncomingMessage, response: ServerResponse): void {
  note(hub, 'hub', request);
  const fault = hub.faults.statuses.shift();
  if (fault !== undefined)
    return void response.writeHead(fault.status, fault.retryAfter ? { 'retry-after': fault.retryAfter } : {}).end();
  if (hub.faults.ignoresHead && request.method === 'HEAD') return refuse(response, 405);
  const listing = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(request.url!);
  const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.url!);
  const [, id = '', revision = '', path] = listing ?? file ?? [];
  const repository = hub.repositories[id];
  const token = request.headers.authorization?.replace('Bearer ', '');
  if (repository === undefined) return refuse(response, 401, 'RepoNotFound');
  if (repository.token !== undefined && repository.token !== token)
    return refuse(response, token === undefined ? 401 : 403, repository.isGated ? 'GatedRepo' : 'RepoNotFound');
  const known = ['main', repository.commit, ...(repository.revisions ?? [])];
  if (!known.includes(decodeURIComponent(revision))) return refuse(response, 404, 'RevisionNotFound');
  if (path === undefined) return listFiles(id, { repository, instead: hub.faults.listings.shift() }, response);
  serveFile(repository, { path: decodeURIComponent(path), storage, isHead: request.method === 'HEAD' }, response);
}

function listFiles(
  id: string,
  { repository, instead }: { repository: HubRepository; instead: string | undefined },
  response: ServerResponse,
): void {
  const { commit, files, alsoListed = [] } = repository;
  const siblings = [...Object.keys(files), ...alsoListed].map((rfilename) => ({ rfilename }));
  response.setHeader('content-type', 'application/json').end(instead ?? JSON.stringify({ id, sha: commit, siblings }));
}

function serveFile(
  { commit, files }: HubRepository,
  { path, storage, isHead }: { path: string; storage: string; isHead: boolean },
  response: ServerResponse,
): void {
  const content = files[path];
  if (content === undefined) return refuse(response, 404, 'EntryNotFound');
  response.setHeader('x-repo-commit', commit);
  if (content.length < LARGE_BYTES) {
    response.writeHead(200, { etag: `"${gitHash(content)}"`, 'content-length': content.length });
    return void response.end(isHead ? undefined : content);
  }
  const sha = sha256(content);
  response.writeHead(302, {
    'x-linked-etag': `"${sha}"`,
    'x-linked-size': content.length,
    location: `${storage}/${sha}`,
  });
  response.end();
}

async function serveStorage(hub: FakeHub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  note(hub, 'storage', request);
  const sha = request.url!.slice(1);
  const all = Object.values(hub.repositories).flatMap(({ files }) => Object.values(files));
  const content = hub.faults.contents.shift() ?? all.find((file) => sha256(file) === sha)!;
  const start = hub.faults.ignoresRange ? 0 : Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (start >= content.length) return void response.writeHead(416).end();
  const range = `bytes ${start}-${content.length - 1}/${content.length}`;
  response.writeHead(start > 0 ? 206 : 200, {
    'content-length': content.length - start,
    etag: '"of-the-storage"',
    ...(start > 0 ? { 'content-range': range } : {}),
  });
  await send(content.subarray(start), {
    response,
    cut: hub.faults.cuts.shift(),
    stall: hub.faults.stalls.shift(),
    pauseMs: hub.faults.pauseMs,
  });
}

async function send(
  content: Buffer,
  {
    response,
    cut,
    stall,
    pauseMs,
  }: { response: ServerResponse; cut?: number | undefined; stall?: number | undefined; pauseMs: number },
): Promise<void> {
  const end = Math.min(cut ?? stall ?? Infinity, content.length);
  for (let at = 0; at < end && !response.destroyed; at += 16_384) {
    await new Promise((flushed) => response.write(content.subarray(at, Math.min(at + 16_384, end)), flushed));
    if (pauseMs > 0) await sleep(pauseMs);
  }
  if (stall !== undefined) return;
  if (cut === undefined) response.end();
  else response.destroy();
}
