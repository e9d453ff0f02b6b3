/** Sends one typed operation to /graphql of the same origin and gives its data. */
import type { TypedDocumentString } from '../graphql/graphql.ts';
import { ApiError, ConnectionError } from './api-error.ts';
import { tokenHeaders } from './api-token.ts';

interface Answer<T> {
  data?: T | null;
  errors?: { message: string; extensions?: { code?: unknown; path?: unknown } }[];
}

export interface ExecuteOptions<V> {
  variables: V;
  signal?: AbortSignal;
}

/** Throws ApiError with the server's sentence, ConnectionError if there was no GraphQL answer. */
export async function execute<T, V>(document: TypedDocumentString<T, V>, options: ExecuteOptions<V>): Promise<T> {
  const response = await post({ query: document.toString(), variables: options.variables }, options.signal);
  const answer = await readAnswer<T>(response);
  const [first] = answer.errors ?? [];
  if (first) throw new ApiError(first);
  if (!answer.data) throw new ConnectionError(`The server answered ${response.status} without data.`);
  return answer.data;
}

async function post(body: unknown, signal?: AbortSignal): Promise<Response> {
  const headers = { 'content-type': 'application/json', accept: 'application/json', ...tokenHeaders() };
  try {
    return await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body), signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ConnectionError('The demur server cannot be reached. Is it still running?', { cause });
  }
}

async function readAnswer<T>(response: Response): Promise<Answer<T>> {
  try {
    return (await response.json()) as Answer<T>;
  } catch (cause) {
    throw new ConnectionError(`The server answered ${response.status} with something that is not JSON.`, { cause });
  }
}
