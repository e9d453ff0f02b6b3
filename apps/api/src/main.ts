/** The process of the server: settings from the environment, one sentence for a mistake, an orderly end on a signal. */
import { readEnv, type Env } from './env.ts';
import { publicError } from './errors.ts';
import { serve, type Preparations, type Served } from './serve.ts';

/** Runs the server until SIGINT or SIGTERM. A mistake is one sentence on stderr and exit code 1. */
export async function run(
  onServed: (served: Served) => void | Promise<void>,
  preparations?: Preparations,
): Promise<void> {
  try {
    const env = readEnv();
    const served = await serve(env, preparations);
    endOnSignal(served, env);
    await onServed(served);
  } catch (error) {
    console.error(publicError(error).message);
    process.exit(1);
  }
}

/** The first signal ends the server in good order, a second one at once. */
function endOnSignal(served: Served, { isUnderNpm }: Env): void {
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) process.exit(130);
    isEnding = true;
    await served.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
  if (isUnderNpm) onOrphaned(() => void end());
}

/** npm's shell dies of a signal without passing it on. What is left to see is that this process has another parent. */
function onOrphaned(end: () => void): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, 500).unref();
}

if (import.meta.main) await run(({ url }) => console.log(`demur listens on ${url}`));
