// One request to the Hub: redirects followed by hand, so that the token goes to the Hub alone, time limits, and
// failures told apart: those worth another try (HubUnreachableError, HubBusyError) and all others.

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
}

/** An answer that is no redirect to follow. Its body is watched: silence aborts it. */
export interface HubAnswer {
  response: Response;
  /** Headers of all answers on the way, the first one's first: the Hub's, then those of the host it sends to. */
  headers: Headers[];
  /** Tells that bytes came. */
  touch(): void;
  /** Ends watching; the body is dropped if it was not read. */
  close(): Promise<void>;
}

/** Above every pause of a server that works, below a user's patience. */
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 8;
const MOST_BACKOFF_MS = 30_000;
const MOST_RETRY_AFTER_MS = 300_000;

interface Request {
  method: 'GET' | 'HEAD';
  headers?: Record<string, string>;
}

/** Asks; the caller closes the answer. @throws HubUnreachableError, HubBusyError, HubAnswerError, the signal's reason */
export async function ask(address: string, request: Request, context: HubContext): Promise<HubAnswer> {
  const silence = new Silence(context.signal);
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
  const headers: Headers[] = [];
  let token = context.settings.token;
  for (let url = start; headers.length <= MOST_REDIRECTS;) {
    const response = await send(url, { ...request, headers: requestHeaders(request, token) }, silence);
    headers.push(response.headers);
    const next = redirect(response, url);
    if (next === null || (request.method === 'HEAD' && isToldAlready(headers)))
      return answer(response, headers, silence);
    await response.body?.cancel();
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

async function send(url: URL, init: RequestInit, silence: Silence): Promise<Response> {
  let response: Response;
  silence.touch();
  try {
    response = await fetch(url, { ...init, redirect: 'manual', signal: silence.signal });
  } catch (error) {
    throw unreachable(url.host, error);
  }
  if (response.status !== 429 && response.status !== 408 && response.status < 500) return response;
  await response.body?.cancel();
  throw new HubBusyError(url.host, response.status, retryAfter(response.headers.get('retry-after')));
}

/** A failure of the connection, while asking or while reading the body, as a sentence. */
export function unreachable(host: string, error: unknown): HubUnreachableError {
  const { cause, message } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return new HubUnreachableError(host, code || inner || message, error);
}

/** Where a redirect leads; null for every other answer. Never from https to http. */
function redirect(response: Response, from: URL): URL | null {
  const location = response.headers.get('location');
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return null;
  const to = URL.canParse(location, from.href) ? new URL(location, from) : null;
  const isSafe = to !== null && (to.protocol === 'https:' || (to.protocol === 'http:' && from.protocol === 'http:'));
  if (isSafe) return to;
  throw new HubAnswerError(from.host, 'a redirect to something else than a safe http(s) address');
}

/** The Hub tells size and hash of a large file with the redirect to where it lies. */
function isToldAlready(headers: Headers[]): boolean {
  return headers.some((of) => of.has('x-linked-etag') && of.has('x-linked-size'));
}

function answer(response: Response, headers: Headers[], silence: Silence): HubAnswer {
  const close = async () => {
    silence.end();
    if (!response.bodyUsed) await response.body?.cancel().catch(() => undefined);
  };
  return { response, headers, touch: () => silence.touch(), close };
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
  #timer: NodeJS.Timeout | undefined;

  constructor(outer: AbortSignal | undefined) {
    const own = this.#controller.signal;
    this.signal = outer === undefined ? own : AbortSignal.any([outer, own]);
  }

  touch(): void {
    clearTimeout(this.#timer);
    const tooLong = () => this.#controller.abort(new Error(`nothing came for ${SILENCE_MS / 1000} s`));
    this.#timer = setTimeout(tooLong, SILENCE_MS).unref();
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
