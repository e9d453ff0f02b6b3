/** The server as its users meet it: a process of its own, reached over HTTP and WebSocket. Everything in it is real. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyNewDatabase } from '../support/new-database.ts';

export const root = resolve(import.meta.dirname, '../..');
const startTimeoutMs = 120_000;

/** A GraphQL answer. `Data` is what the query asks for. */
export interface Answer<Data> {
  data: Data | null;
  errors?: { message: string; extensions: { code: string; path?: string } }[];
}

export interface TestServer {
  url: string;
  pid: number;
  /** What it has printed, both streams together. */
  output(): string;
  /** A query or mutation whose answer may have errors. */
  ask<Data>(query: string, variables?: object): Promise<Answer<Data>>;
  /** As `ask`, for an answer that must not have errors. */
  get<Data>(query: string, variables?: object): Promise<Data>;
  /** Ends it by SIGTERM; its exit code. */
  stop(): Promise<number | null>;
}

export type Environment = Record<string, string | undefined>;

/** The server alone, and all that `npm start` does. */
const programs = {
  server: ['--import', './apps/api/register.js', 'apps/api/src/main.ts'],
  start: ['scripts/start.ts'],
};

/** Starts the server on a free port and waits until it answers. Throws with what it said when it does not start. */
export async function startServer(
  env: Environment = {},
  program: keyof typeof programs = 'server',
): Promise<TestServer> {
  if (program === 'server' && env['DEMUR_DATA'] !== undefined) await copyNewDatabase(env['DEMUR_DATA']);
  const server = launch(env, programs[program]);
  const url = await Promise.race([server.listening, server.exited.then(() => undefined)]);
  if (url === undefined) throw new Error(`the server did not start:\n${server.output()}`);
  const ask = async <Data>(query: string, variables = {}): Promise<Answer<Data>> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  };
  return {
    ...{ url, ask, pid: server.child.pid!, output: server.output },
    get: async <Data>(query: string, variables = {}) => {
      const { data, errors } = await ask<Data>(query, variables);
      if (errors !== undefined || data === null) throw new Error(JSON.stringify(errors, null, 1));
      return data;
    },
    stop: () => {
      server.child.kill('SIGTERM');
      return server.exited;
    },
  };
}

/** Starts a server that is to refuse; its exit code and what it said. */
export async function refusedStart(env: Environment): Promise<{ code: number | null; said: string }> {
  const server = launch(env, programs.server);
  const code = await Promise.race([server.exited, server.listening.then(() => 'it listens')]);
  if (typeof code === 'string') server.child.kill('SIGKILL');
  return { code: typeof code === 'string' ? null : code, said: server.output() };
}

function launch(env: Environment, program: string[]) {
  const settings = {
    ...process.env,
    PORT: '0',
    DEMUR_WORKERS: '1',
    DEMUR_BACKEND: 'wasm',
    NODE_ENV: 'production',
    ...env,
  };
  const child = spawn(join(root, 'node_modules/.bin/node'), program, { cwd: root, env: settings, stdio: 'pipe' });
  let output = '';
  const listening = new Promise<string>((found) => {
    const hear = (text: string) => {
      output += text;
      const url = /(?:listens|is open) on (\S+)/.exec(output)?.[1];
      if (url !== undefined) found(url);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', hear);
  });
  return { child, listening, output: () => output, exited: exitOf(child) };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const timeout = setTimeout(kill, startTimeoutMs * 4).unref();
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timeout);
  process.off('exit', kill);
  return code;
}

/** A new empty folder and how to remove it. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'demur-api-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** Every event of a subscription until it completes, by the graphql-ws protocol written out here. */
export function subscribe<Data>(url: string, query: string, variables = {}): Promise<Answer<Data>[]> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const say = (message: object) => socket.send(JSON.stringify(message));
  const events: Answer<Data>[] = [];
  return new Promise((done, fail) => {
    socket.onopen = () => say({ type: 'connection_init' });
    socket.onerror = () => fail(new Error('the WebSocket failed'));
    socket.onclose = ({ code, reason }) => fail(new Error(`the WebSocket was closed: ${code} ${reason}`));
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data)) as { type: string; payload: never };
      if (message.type === 'connection_ack') say({ id: '1', type: 'subscribe', payload: { query, variables } });
      if (message.type === 'next') events.push(message.payload);
      if (message.type === 'error') events.push({ data: null, errors: message.payload });
      if (message.type !== 'complete' && message.type !== 'error') return;
      done(events);
      socket.close();
    };
  });
}

/** Waits until an experiment has ended; the last thing told about it. */
export async function ended(server: TestServer, id: string): Promise<ProgressEvent> {
  const query =
    'subscription ($id: ID!) { experimentProgress(id: $id) { status stage done total fraction error { code message path } } }';
  const events = await subscribe<{ experimentProgress: ProgressEvent }>(server.url, query, { id });
  return events.at(-1)!.data!.experimentProgress;
}

export interface ProgressEvent {
  status: string;
  stage: string | null;
  done: number;
  total: number;
  fraction: number;
  error: { code: string; message: string; path: string | null } | null;
}
