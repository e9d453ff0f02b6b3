// One request to the Hub: redirects followed by hand, so that the token goes to the Hub alone, time limits, and
// failures told apart: those worth another try (HubUnreachableError, HubBusyError) and all others.

import http from 'node:http';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { HubAnswerError, HubBusyError, HubUnreachableError } from './errors.ts';
import type { HubSettings } from './settings.ts';

/** What a request is made with. */
export interface HubContext {
  settings: HubSettings;
  /** Aborts the request with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The pause before the second try; doubled before each further one. */
  backoffMs: number;
  /** A connection on which nothing comes for so long is given up. */
  silenceMs: number;
}

/** An answer that is no redirect to follow. */
export interface HubAnswer {
  /** Who gave it: the Hub, or the host that it sends to. */
  host: string;
  status: number;
  /** A header of this answer. */
  header(name: string): string | null;
  /** A header of the first answer that has it: the Hub's own, before those of the host that it sends to. */
  firstHeader(name: string): string | null;
  /** The content as it comes. @throws HubUnreachableError when it breaks off, after all that came, or the signal's reason */
  chunks(): AsyncGenerator<Buffer>;
  /** Ends the connection unless all was read. */
  close(): void;
}

const MOST_REDIRECTS = 8;
const MOST_BACKOFF_MS = 30_000;
const MOST_RETRY_AFTER_MS = 300_000;

interface Request {
  method: 'GET' | 'HEAD';
  headers?: Record<string, string>;
}

/** Asks; the caller closes the answer. @throws HubUnreachableError, HubBusyError, HubAnswerError, the signal's reason */
export async function ask(address: string, request: Request, context: HubContext): Promise<HubAnswer> {
  const silence = new Silence(context);
  try {
    return await follow(new URL(address), { request, context, silence });
  } catch (error) {
    silence.end();
    context.signal?.throwIfAborted();
    throw error;
  }
}

async function follow(
  start: URL,
  { request, context, silence }: { request: Request; context: HubContext; silence: Silence },
): Promise<HubAnswer> {
  const passed: IncomingMessage[] = [];
  let token = context.settings.token;
  for (let url = start; passed.length <= MOST_REDIRECTS;) {
    const response = await send(url, { ...request, headers: requestHeaders(request, token) }, silence);
    passed.push(response);
    const next = redirect(response, url);
    if (next === null || (request.method === 'HEAD' && isToldAlready(passed)))
      return answer(passed, { host: url.host, hasBody: request.method === 'GET', context, silence });
    response.resume();
    if (next.origin !== url.origin) token = null;
    url = next;
  }
  throw new HubAnswerError(start.host, `more than ${MOST_REDIRECTS} redirects`);
}

/** No compression: sizes, ranges and hashes are of the file itself. */
function requestHeaders({ headers }: Request, token: string | null): Record<string, string> {
  return {
    'accept-encoding': 'identity',
    'user-agent': 'demur',
    ...headers,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
}

/** One answer, whatever it is, but for those that are worth another try. */
async function send(url: URL, { method, headers }: Request, silence: Silence): Promise<IncomingMessage> {
  silence.touch();
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const { request } = url.protocol === 'https:' ? https : http;
  request(url, { method, headers, signal: silence.signal }).on('response', resolve).on('error', reject).end();
  const response = await promise.catch((error: unknown) => {
    throw unreachable(url.host, error);
  });
  response.on('error', () => undefined); // told to whom reads it
  const status = response.statusCode ?? 0;
  if (status !== 429 && status !== 408 && status < 500) return response;
  response.resume();
  throw new HubBusyError(url.host, status, retryAfter(headerOf(response, 'retry-after')));
}

function headerOf(response: IncomingMessage, name: string): string | null {
  const value = response.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** A failure of the connection as a sentence. */
function unreachable(host: string, error: unknown): HubUnreachableError {
  const { code, message, cause } = error as NodeJS.ErrnoException;
  return new HubUnreachableError(host, cause instanceof Error ? cause.message : code || message, { cause: error });
}

/** Where a redirect leads; null for every other answer. Never from https to http. */
function redirect(response: IncomingMessage, from: URL): URL | null {
  const location = headerOf(response, 'location');
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0) || location === null) return null;
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const isSafe = to !== null && (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'));
  if (isSafe) return to;
  throw new HubAnswerError(from.host, 'a redirect to something else than a safe http(s) address');
}

/** The Hub tells size and hash of a large file with the redirect to where it lies. */
function isToldAlready(passed: IncomingMessage[]): boolean {
  return passed.some(({ headers }) => 'x-linked-etag' in headers && 'x-linked-size' in headers);
}

interface Answering {
  host: string;
  hasBody: boolean;
  context: HubContext;
  silence: Silence;
}

function answer(passed: IncomingMessage[], { host, hasBody, context, silence }: Answering): HubAnswer {
  const response = passed.at(-1)!;
  const received = new Received(response, silence);
  return {
    host,
    status: response.statusCode ?? 0,
    header: (name) => headerOf(response, name),
    firstHeader: (name) => passed.map((of) => headerOf(of, name)).find((value) => value !== null) ?? null,
    async *chunks() {
      try {
        yield* received.chunks();
      } catch (error) {
        context.signal?.throwIfAborted();
        throw unreachable(host, error);
      }
    },
    close() {
      silence.end();
      if (hasBody && !response.readableEnded) response.destroy();
    },
  };
}

/** What is read ahead of whom it is for. */
const READ_AHEAD_BYTES = 2 ** 23;

/**
 * The content of an answer, taken in from its first moment. Not the stream's own iterator: when a connection is cut that
 * one drops what came before, and a download that is cut often would never get on.
 */
class Received {
  readonly #response: IncomingMessage;
  readonly #waiting: Buffer[] = [];
  #bytes = 0;
  #end: { error: Error | null } | undefined;
  #wake = Promise.withResolvers<void>();

  constructor(response: IncomingMessage, silence: Silence) {
    this.#response = response;
    response.on('error', (error) => this.#stop(error)).on('end', () => this.#stop(null));
    response.on('close', () => this.#stop(new Error('the connection was cut')));
    response.on('data', (chunk: Buffer) => {
      silence.touch();
      this.#waiting.push(chunk);
      this.#bytes += chunk.length;
      if (this.#bytes > READ_AHEAD_BYTES) response.pause();
      this.#wake.resolve();
    });
  }

  async *chunks(): AsyncGenerator<Buffer> {
    for (;;) {
      const chunk = this.#waiting.shift();
      if (chunk !== undefined) {
        yield chunk;
        this.#bytes -= chunk.length;
        if (this.#bytes <= READ_AHEAD_BYTES) this.#response.resume();
      } else if (this.#end === undefined) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers();
      } else if (this.#end.error === null) return;
      else throw this.#end.error;
    }
  }

  #stop(error: Error | null): void {
    this.#end ??= { error };
    this.#wake.resolve();
  }
}

/** Seconds or a date. */
function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MOST_RETRY_AFTER_MS) : null;
}

/** Aborts when nothing comes for a while, or when the caller aborts. */
class Silence {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;

  constructor({ signal, silenceMs }: HubContext) {
    const own = this.#controller.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([signal, own]);
    this.#ms = silenceMs;
  }

  touch(): void {
    clearTimeout(this.#timer);
    const tooLong = () => this.#controller.abort(new Error(`nothing came for ${this.#ms / 1000} s`));
    this.#timer = setTimeout(tooLong, this.#ms).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Runs `work` until it succeeds, fails for good, or has failed `tries` times in a row without getting on. */
export async function retrying<T>(
  work: () => Promise<T>,
  { context, tries, progress = () => 0 }: { context: HubContext; tries: number; progress?: () => number },
): Promise<T> {
  for (let failures = 0, before = progress(); ;) {
    try {
      return await work();
    } catch (error) {
      context.signal?.throwIfAborted();
      if (!(error instanceof HubUnreachableError || error instanceof HubBusyError)) throw error;
      const now = progress();
      failures = now > before ? 1 : failures + 1;
      before = now;
      if (failures >= tries) throw error;
      await sleep(pause(error, failures, context.backoffMs), undefined, { signal: context.signal }).catch(() =>
        context.signal?.throwIfAborted(),
      );
    }
  }
}

/** Doubled each time, and spread, so that many clients do not come back at once. */
function pause(error: HubUnreachableError | HubBusyError, failures: number, backoffMs: number): number {
  if (error instanceof HubBusyError && error.retryAfterMs !== null) return error.retryAfterMs;
  return Math.min(backoffMs * 2 ** (failures - 1), MOST_BACKOFF_MS) * (0.75 + Math.random() / 2);
}
