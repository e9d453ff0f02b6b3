import { DemurError } from '../errors.ts';
import type { BackendName } from './backend-name.ts';

/** A backend that was asked for does not load on this machine. */
export class BackendUnavailableError extends DemurError {
  readonly backend: BackendName;

  constructor(backend: BackendName, message: string, cause?: unknown) {
    super('BACKEND_UNAVAILABLE', message, { cause });
    this.backend = backend;
  }
}
