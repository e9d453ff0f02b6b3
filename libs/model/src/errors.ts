/** The base of every expected failure. Not for bugs: those stay plain exceptions. */

/** An expected failure: a sentence that names the value and the fix, a code for programs, a path into the spec if any. */
export class DemurError extends Error {
  readonly code: string;
  readonly path: string | undefined;

  constructor(code: string, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(options.path === undefined ? message : `${options.path}: ${message}`, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.path = options.path;
  }
}
