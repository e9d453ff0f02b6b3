/** The base of every expected failure. Not for bugs: those stay plain exceptions. */

/** Names and values in a message come from files, which may be damaged: no message is longer. */
const MAX_MESSAGE_LENGTH = 2000;

/** An expected failure: a sentence that names the value and the fix, a code for programs, a path into the spec if any. */
export class DemurError extends Error {
  readonly code: string;
  readonly path: string | undefined;

  constructor(code: string, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(shortened(options.path === undefined ? message : `${options.path}: ${message}`), { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.path = options.path;
  }
}

/** The text without its middle where it is too long: the file is named first, the fix last. */
function shortened(text: string): string {
  if (text.length <= MAX_MESSAGE_LENGTH) return text;
  return `${text.slice(0, MAX_MESSAGE_LENGTH - 300)} … ${text.slice(-290)}`;
}
