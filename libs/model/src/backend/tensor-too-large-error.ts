import { DemurError } from '../errors.ts';

/** A tensor that the device's buffers cannot hold. */
export class TensorTooLargeError extends DemurError {
  constructor(what: string, bytes: number, limit: { name: string; bytes: number; adapter: string }) {
    super(
      'TENSOR_TOO_LARGE',
      `${what} takes ${mebibytes(bytes)}; ${limit.name} of ${limit.adapter} is ${mebibytes(limit.bytes)}. ` +
        'Run fewer or shorter pairs at once, or use the tensorflow backend.',
    );
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
