/** The server from its settings to an answering port. Setting the machine up is scripts/start.ts's part. */
import { openApp, type App } from './app.ts';
import type { Env } from './env.ts';
import { startServer } from './http/server.ts';

/** A server that runs, with what is behind it. */
export interface Served {
  app: App;
  url: string;
  /** Stops to listen, puts back what runs, and closes the database. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens the database, then the port, then the engine in the background. Throws one `DemurError` or `DatabaseError` a mistake. */
export async function serve(env: Env): Promise<Served> {
  const app = await openApp(env);
  try {
    const server = await startServer(app, env);
    await app.work();
    let closing: Promise<void> | null = null;
    const close = async (): Promise<void> => {
      await server.close();
      await app.close();
    };
    return { app, url: server.url, close: () => (closing ??= close()) };
  } catch (error) {
    await app.close();
    throw error;
  }
}
