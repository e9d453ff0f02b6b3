/** The server from its settings to an answering port. Setting the machine up is scripts/start.ts's part. */
import { openApp, type App } from './app.ts';
import type { Env } from './env.ts';
import { publicError } from './errors.ts';
import { requirePort } from './http/require-port.ts';
import { startServer } from './http/server.ts';

/** What may still be under way when the port opens; neither may reject. */
export interface Preparations {
  /** The engine's native library: experiments wait for it. */
  engine: Promise<void>;
  /** The build of the web interface: its pages wait for it. */
  ui: Promise<void>;
}

/** A server that runs, with what is behind it. */
export interface Served {
  app: App;
  url: string;
  /** Stops to listen, puts back what runs, and closes the database. Safe to call twice. */
  close(): Promise<void>;
}

const READY: Preparations = { engine: Promise.resolve(), ui: Promise.resolve() };

/** Opens the database, then the port, then the engine in the background. Throws a `DemurError` or `DatabaseError`. */
export async function serve(env: Env, { engine, ui }: Preparations = READY): Promise<Served> {
  await requirePort(env);
  const app = await openApp(env);
  try {
    const server = await startServer(app, { ...env, uiBuilt: ui });
    engine.then(() => app.work()).catch((error: unknown) => console.error(publicError(error).message));
    const close = async (): Promise<void> => {
      await server.close();
      await app.close();
    };
    let closing: Promise<void> | null = null;
    return { app, url: server.url, close: () => (closing ??= close()) };
  } catch (error) {
    await app.close();
    throw error;
  }
}
