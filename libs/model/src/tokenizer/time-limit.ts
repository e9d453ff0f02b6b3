// Stops work that takes too long on this very thread, e.g. a regular expression of a tokenizer that backtracks for ever.
// Not for work that waits: it must be synchronous, and do the same when it is begun again.

import { createContext, Script } from 'node:vm';

const script = new Script('work()');
const context = createContext({ work: null as unknown });

/** Work that got less of the clock's time than this waited for the machine, and did not run for ever. */
const BUSY = 0.5;

/** How often the time is doubled for work that waits for the machine. */
const DOUBLINGS = 4;

/** What `work` returns. @throws Error when it takes longer, else whatever it throws */
export function withTimeLimit<T>(timeoutMs: number, work: () => T): T {
  for (let doublings = 0; ; doublings++) {
    const timeout = timeoutMs * 2 ** doublings;
    const before = process.threadCpuUsage();
    try {
      return timed(timeout, work);
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const { user, system } = process.threadCpuUsage(before);
      if (doublings < DOUBLINGS && (user + system) / 1000 < BUSY * timeout) continue;
      throw new Error(`it takes more than ${timeoutMs / 1000} s`, { cause: error });
    }
  }
}

function timed<T>(timeout: number, work: () => T): T {
  context['work'] = work;
  try {
    return script.runInContext(context, { timeout }) as T;
  } finally {
    context['work'] = null;
  }
}

/** An error of another realm: no instanceof Error here. */
function isTimeout(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
