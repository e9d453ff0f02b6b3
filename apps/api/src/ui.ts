/** The web interface of apps/ui on this server. Without its build the server works, and says how to get it. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Request, RequestHandler, Response } from 'express';
import { repositoryRoot } from './env.ts';

/** The folder of the web interface. */
const uiFolder = path.join(repositoryRoot, 'apps/ui');

const NOT_BUILT = 'The web interface is not built; start with: npm start\nThe GraphQL API is under /graphql\n';

/** What is used of Next.js's server. */
interface NextApp {
  prepare(): Promise<void>;
  getRequestHandler(): (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close(): Promise<void>;
}

/** The web interface, ready to answer. */
export interface Ui {
  handler: RequestHandler;
  close(): Promise<void>;
}

/** Loads the build of the web interface; every page that is not the API's is its. */
export async function openUi(): Promise<Ui> {
  if (!existsSync(path.join(uiFolder, '.next/BUILD_ID'))) return { handler: notBuilt, close: () => Promise.resolve() };
  const next = createRequire(path.join(uiFolder, 'package.json'))('next') as (options: object) => NextApp;
  const app = next({ dev: false, dir: uiFolder });
  await app.prepare();
  const handle = app.getRequestHandler();
  return { handler: (request, response) => void handle(request, response), close: () => app.close() };
}

function notBuilt(_request: Request, response: Response): void {
  response.status(503).type('text/plain').send(NOT_BUILT);
}
