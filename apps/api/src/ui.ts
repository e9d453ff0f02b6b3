/** The web interface of apps/ui on this server. While it is being built, and without it, the API answers all the same. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { RequestHandler, Response } from 'express';
import { repositoryRoot } from './env.ts';

/** The folder of the web interface. */
const uiFolder = path.join(repositoryRoot, 'apps/ui');

/** What is used of Next.js's server. */
interface NextApp {
  prepare(): Promise<void>;
  getRequestHandler(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close(): Promise<void>;
}

/** The web interface. */
export interface Ui {
  handler: RequestHandler;
  close(): Promise<void>;
}

/** The web interface once it is `built`; until then every page says so and asks again. */
export function mountUi(built: Promise<void>): Ui {
  let opening: Promise<NextApp | null> | null = null;
  void built.then(() => (opening = openNext()));
  return {
    handler: async (request, response) => {
      if (opening === null)
        return notice(response, 'The web interface is being built; this page opens it once it is ready.');
      const app = await opening;
      if (app === null) return notice(response, 'The web interface is not built; start with: npm start');
      await app.getRequestHandler()(request, response);
    },
    close: async () => (await opening)?.close(),
  };
}

/** Next.js's server over the build, which is loaded now; null where there is no build. */
async function openNext(): Promise<NextApp | null> {
  if (!existsSync(path.join(uiFolder, '.next/BUILD_ID'))) return null;
  const next = createRequire(path.join(uiFolder, 'package.json'))('next') as (options: object) => NextApp;
  const app = next({ dev: false, dir: uiFolder });
  await app.prepare();
  return app;
}

function notice(response: Response, sentence: string): void {
  const page = `<!doctype html><meta http-equiv="refresh" content="2"><title>demur</title><p>${sentence}<p>The GraphQL API is under /graphql.\n`;
  response.status(503).set('Retry-After', '2').type('html').send(page);
}
