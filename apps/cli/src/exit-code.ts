/** How a failure ends the command: one sentence on stderr, and an exit code. */
import { CancelledError } from '@demur/interp';
import { DemurError } from '@demur/model';

/** As shells have it: 128 + SIGINT. */
const INTERRUPTED = 130;

/**
 * Tells the failure and returns the exit code. The stack only with DEMUR_DEBUG set.
 * @param kept what a run that was stopped has left, for the one who stopped it
 */
export function exitCodeOf(error: unknown, kept?: string): number {
  if (error instanceof CancelledError) {
    console.error(kept === undefined ? 'cancelled' : `stopped; ${kept}`);
    return INTERRUPTED;
  }
  console.error(sentence(error));
  return 1;
}

function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (process.env['DEMUR_DEBUG'] !== undefined) return error.stack ?? error.message;
  if (error instanceof DemurError) return error.message;
  return `${error.message.split('\n')[0]} (a fault of demur itself; DEMUR_DEBUG=1 shows where)`;
}
