/** The HTTP server: one port for GraphQL, subscriptions, downloads and the web interface. What they do is elsewhere. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import type { App } from '../app.ts';
import type { Env } from '../env.ts';
import { publicError } from '../errors.ts';
import { createSchema } from '../schema.ts';
import { mountUi } from '../ui.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { exportRoutes } from './exports.ts';
import { graphqlOverHttp } from './graphql-over-http.ts';
import { graphqlOverSse } from './graphql-over-sse.ts';
import { graphqlOverWs } from './graphql-over-ws.ts';
import { listenError } from './require-port.ts';

/** A server that answers. */
export interface RunningServer {
  /** `http://127.0.0.1:4000` */
  url: string;
  close(): Promise<void>;
}

/** The largest body of a request: an imported circuit of some 200,000 edges. */
const BODY_LIMIT = '32mb';

/** Of a connection that nobody asks on: longer than clients keep one, else what they ask as it is closed is lost to them. */
const KEEP_ALIVE_MS = 65_000;

/** Starts to listen. Throws `TokensRequiredError`, `PortInUseError`, `ListenError`. */
export async function startServer(
  app: App,
  { host, port, uiBuilt }: Pick<Env, 'host' | 'port'> & { uiBuilt: Promise<void> },
): Promise<RunningServer> {
  const doorkeeper = new Doorkeeper(app, host);
  await doorkeeper.requireTokens();
  const schema = createSchema();
  const web = express().disable('x-powered-by');
  const httpServer = createServer(web);
  httpServer.keepAliveTimeout = KEEP_ALIVE_MS;
  const closeSockets = graphqlOverWs({ schema, httpServer, doorkeeper });
  const { apollo, middleware } = await graphqlOverHttp({ schema, httpServer, doorkeeper });
  const ui = mountUi(uiBuilt);
  mount(web, { app, doorkeeper, graphql: middleware, stream: graphqlOverSse(schema, doorkeeper), ui: ui.handler });
  await listen(httpServer, { host, port });
  return {
    url: urlOf(httpServer, host),
    close: async () => {
      await closeSockets();
      httpServer.closeIdleConnections();
      setTimeout(() => httpServer.closeAllConnections(), 2_000).unref();
      await apollo.stop();
      await ui.close();
    },
  };
}

interface Routes {
  app: App;
  doorkeeper: Doorkeeper;
  graphql: RequestHandler;
  stream: RequestHandler;
  ui: RequestHandler;
}

function mount(web: Express, { app, doorkeeper, graphql, stream, ui }: Routes): void {
  web.use((request, response, next) => {
    if (doorkeeper.isWelcome(request.headers)) next();
    else response.status(403).json({ error: { code: 'FORBIDDEN_ORIGIN', message: FORBIDDEN_ORIGIN } });
  });
  web.get('/healthz', (_request, response) => void response.json({ status: 'ok' }));
  web.use('/graphql/stream', stream);
  web.use('/graphql', express.json({ limit: BODY_LIMIT }), graphql);
  web.use('/export', exportRoutes(app, doorkeeper));
  web.use(ui);
  web.use(answerError);
}

const FORBIDDEN_ORIGIN = 'Only pages of this server, under its own name, may call it; open it as http://127.0.0.1';

/** What went wrong outside GraphQL, as JSON; a body that cannot be read has its own status. */
const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { status, type } = error as { status?: number; type?: string };
  if (type === 'entity.too.large') {
    const message = `The body is larger than ${BODY_LIMIT}; send less at once`;
    response.status(413).json({ errors: [{ message, extensions: { code: 'BODY_TOO_LARGE' } }] });
  } else if (status === 400) {
    const message = 'The body is not JSON; send {"query": "..."}';
    response.status(400).json({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
  } else {
    const told = publicError(error);
    response.status(statusOf(told.code)).json({ error: told });
  }
};

function statusOf(code: string): number {
  if (code === 'INTERNAL') return 500;
  if (code === 'UNAUTHENTICATED') return 401;
  return code.endsWith('_NOT_FOUND') ? 404 : 400;
}

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port })));
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, host: string): string {
  const { port } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
