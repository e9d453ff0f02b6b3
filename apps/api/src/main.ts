/** The process of the server: settings from the environment, one sentence for a mistake, an orderly end on a signal. */
import { readEnv } from './env.ts';
import { publicError } from './errors.ts';
import { serve, type Preparations, type Served } from './serve.ts';

/** Runs the server until SIGINT or SIGTERM. A mistake is one sentence on stderr and exit code 1. */
export async function run(
  onServed: (served: Served) => void | Promise<void>,
  preparations?: Preparations,
): Promise<void> {
  try {
    const served = await serve(readEnv(), preparations);
    endOnSignal(served);
    await onServed(served);
  } catch (error) {
    console.error(publicError(error).message);
    process.exit(1);
  }
}

/** The first signal ends the server in good order, a second one at once. */
function endOnSignal(served: Served): void {
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) process.exit(130);
    isEnding = true;
    await served.close();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void end());
}

if (import.meta.main) await run(({ url }) => console.log(`demur listens on ${url}`));
