/** An error as plain data, to cross threads and processes: code and path of an expected one, the stack of a bug. */
import { DemurError } from '@demur/model';
import { CancelledError } from './errors.ts';

export interface ErrorReport {
  message: string;
  /** Of a `DemurError`; absent for a bug. */
  code?: string;
  path?: string;
  stack?: string;
}

export function reportError(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  return error instanceof DemurError ? { message, stack, code: error.code, path: error.path } : { message, stack };
}

/** The error on this side: a `DemurError` with its code and path, or a plain error with the other side's stack. */
export function reportedError({ message, code, path, stack }: ErrorReport): Error {
  if (code === undefined) return Object.assign(new Error(message), { stack });
  if (code === 'CANCELLED') return new CancelledError();
  const sentence = path === undefined ? message : message.slice(`${path}: `.length);
  return new DemurError(code, sentence, path === undefined ? {} : { path });
}
