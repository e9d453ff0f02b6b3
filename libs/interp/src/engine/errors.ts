/** What can go wrong with the engine process, as opposed to the experiment. */
import { DemurError } from '@demur/model';

/** The run was cancelled by its caller. */
export class CancelledError extends DemurError {
  constructor() {
    super('CANCELLED', 'the run was cancelled');
  }
}

/** The engine process ended while it had work: a crash, or out of memory. The pool starts a new one for the next run. */
export class EngineStoppedError extends DemurError {
  constructor(how: string, lastLine?: string) {
    const said = lastLine === undefined ? '' : `; its last words: ${lastLine}`;
    super('ENGINE_STOPPED', `the engine process stopped (${how}) before the run was done; run it again${said}`);
  }
}

/** The pool was closed while, or before, it was asked to run. */
export class PoolClosedError extends DemurError {
  constructor() {
    super('POOL_CLOSED', 'the engine pool is closed; open a new one');
  }
}

/** A worker thread of the engine ended by an error of its own. */
export class ThreadStoppedError extends DemurError {
  constructor(how: string, cause?: unknown) {
    super('ENGINE_STOPPED', `a worker thread of the engine stopped (${how}); run it again`, { cause });
  }
}
