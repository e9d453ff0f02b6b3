/**
 * `npm start`: opens the server at once, and meanwhile brings what is missing: the native engine, the web interface.
 * The server itself is apps/api; this script knows only how to set the machine up for it.
 */
import { buildUi } from './build-ui.ts';
import { trySetup } from './setup.ts';

/** What is used of apps/api/src/start.ts, which only the loader that `register.js` installs can read. */
interface Api {
  start(options: {
    prepare: () => { engine: Promise<void>; ui: Promise<void> };
    log: (line: string) => void;
  }): Promise<void>;
  createToken(role: string | undefined): Promise<void>;
}

const log = (line: string): void => console.log(line);

/** At the same time: where the engine is there, the first studies need not wait for the pages, nor these for a download. */
function prepare(): { engine: Promise<void>; ui: Promise<void> } {
  const ui = buildUi(log).catch((error: unknown) => log(error instanceof Error ? error.message : String(error)));
  const engine = trySetup(log).then(() => undefined);
  return { engine, ui };
}

// By address, not by name: this is the one place outside apps/api that loads it.
await import(new URL('../apps/api/register.js', import.meta.url).href);
const entry = new URL('../apps/api/src/start.ts', import.meta.url).href;
const api = (await import(entry)) as Api;
const flag = process.argv.indexOf('--create-token');
if (flag >= 0) await api.createToken(process.argv[flag + 1]);
else await api.start({ prepare, log });
