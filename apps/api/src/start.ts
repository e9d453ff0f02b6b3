/** What `npm start` does once this package's TypeScript can be loaded: serves, greets, fills a new database. */
import { openApp } from './app.ts';
import { readEnv } from './env.ts';
import { publicError } from './errors.ts';
import { firstStart } from './first-start/first-start.ts';
import { run } from './main.ts';
import { ROLES, type Role } from './roles.ts';
import type { Preparations } from './serve.ts';

export interface StartOptions {
  /** Sets the machine up; scripts/start.ts knows how. */
  prepare: () => Preparations;
  /** Where lines for people go. */
  log: (line: string) => void;
}

/** Serves until a signal ends it. The preparations begin once the port is open. */
export async function start({ prepare, log }: StartOptions): Promise<void> {
  const engine = Promise.withResolvers<void>();
  const ui = Promise.withResolvers<void>();
  const preparations = { engine: engine.promise, ui: ui.promise };
  await run(async ({ app, url }) => {
    log(greeting(url));
    const prepared = prepare();
    engine.resolve(prepared.engine);
    ui.resolve(prepared.ui);
    if (readEnv().hasFirstStart) await firstStart(app, { log });
  }, preparations);
}

/** `npm start -- --create-token ROLE`: prints a new token, once. */
export async function createToken(role: string | undefined): Promise<void> {
  try {
    if (!ROLES.includes(role as Role)) throw new Error(`"${role ?? ''}" is not a role; give ${ROLES.join(', ')}`);
    const app = await openApp(readEnv());
    const token = await app.tokens.create(`made on ${new Date().toISOString()}`, role as Role);
    await app.close();
    console.log(token);
  } catch (error) {
    console.error(error instanceof Error && !('code' in error) ? error.message : publicError(error).message);
    process.exit(1);
  }
}

/** README.md has the same. */
const FIRST_QUERY =
  '{ studies(filter: { names: EAP_HEADS }) { nodes { status circuits { id edges(first: 10) { nodes { name score } } } } } }';

function greeting(url: string): string {
  return [
    `demur is open on ${url}`,
    'A first query to try, the strongest edges of refusal:',
    `  curl -s ${url}/graphql -H 'content-type: application/json' -d '${JSON.stringify({ query: FIRST_QUERY })}'`,
  ].join('\n');
}
