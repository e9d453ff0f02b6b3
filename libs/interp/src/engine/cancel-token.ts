/** Cancelling a computation in another thread: one shared integer, polled between steps. Not an AbortSignal, which a
 * busy thread never hears. */
import { CancelledError } from './errors.ts';

/** What a long computation polls between its steps. */
export interface CancelToken {
  /** Throws `CancelledError` once the run has been cancelled. */
  throwIfCancelled(): void;
}

/** A flag that another thread can set while this one computes: 0 running, 1 cancelled. */
export function createCancelFlag(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4));
}

export function cancel(flag: Int32Array<SharedArrayBuffer>): void {
  Atomics.store(flag, 0, 1);
}

/** The reading end of a cancel flag. */
export function cancelTokenOf(flag: Int32Array<SharedArrayBuffer>): CancelToken {
  return {
    throwIfCancelled() {
      if (Atomics.load(flag, 0) !== 0) throw new CancelledError();
    },
  };
}
