/** What the server refuses, as it says it: a sentence, a code and, for a spec, the path in it. */

interface GraphQLErrorJson {
  message: string;
  extensions?: { code?: unknown; path?: unknown };
}

const textOr = <T>(value: unknown, otherwise: T): string | T => (typeof value === 'string' ? value : otherwise);

/** `path` is the path within the spec, such as `pairs[3].answer`; undefined where the error is about no part of it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  readonly path: string | undefined;

  constructor({ message, extensions }: GraphQLErrorJson) {
    super(message);
    this.code = textOr(extensions?.code, 'UNKNOWN');
    this.path = textOr(extensions?.path, undefined);
  }
}

/** The server cannot be reached, or what answers is not it. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
}
