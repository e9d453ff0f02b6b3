/** Starts a script of this folder as a process of its own, to be killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  process: ChildProcess;
  /** The next line that it writes to its standard output; the text of its errors if it ends before. */
  line(): Promise<string>;
  /** Kills it, as a crash or the kernel would. */
  kill(): Promise<void>;
}

/** `args` reach the script as one JSON argument. */
export function startChild(script: string, args: object): Child {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, JSON.stringify(args)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const closed = once(child, 'close');
  return {
    process: child,
    line: async () => {
      const { value, done } = await lines.next();
      if (!done) return value;
      await closed;
      return errors;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
