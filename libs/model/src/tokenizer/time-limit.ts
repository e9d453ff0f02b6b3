// Stops work that takes too long on this very thread, e.g. a regular expression of a tokenizer that backtracks for ever.
// Not for work that waits: it must be synchronous.

import { createContext, Script } from 'node:vm';

const script = new Script('work()');
const context = createContext({ work: null as unknown });

/** What `work` returns. @throws Error when it takes longer, else whatever it throws */
export function withTimeLimit<T>(timeoutMs: number, work: () => T): T {
  context['work'] = work;
  try {
    return script.runInContext(context, { timeout: timeoutMs }) as T;
  } catch (error) {
    // An error of another realm: no instanceof Error here.
    if ((error as NodeJS.ErrnoException | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new Error(`it takes more than ${timeoutMs / 1000} s`, { cause: error });
  } finally {
    context['work'] = null;
  }
}
