/** Whether a port can be had, asked before the database is opened: a refused start then leaves no new data directory. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { openDatabase } from '@demur/db';
import { DemurError } from '@demur/model';
import type { Env } from '../env.ts';

/** A port that another program has. */
export class PortInUseError extends DemurError {
  constructor(port: number, host: string) {
    super(
      'PORT_IN_USE',
      `Port ${port} on ${host} is in use by another program; stop it, or choose another port, such as PORT=${port + 1} npm start`,
    );
  }
}

/** A host or port that cannot be listened on. */
export class ListenError extends DemurError {
  constructor(port: number, host: string, cause: Error) {
    super('CANNOT_LISTEN', `Cannot listen on HOST=${host} PORT=${port} (${cause.message}); choose others`, { cause });
  }
}

/** What went wrong with listening. */
export function listenError(error: NodeJS.ErrnoException, { host, port }: Pick<Env, 'host' | 'port'>): DemurError {
  return error.code === 'EADDRINUSE' ? new PortInUseError(port, host) : new ListenError(port, host, error);
}

/**
 * Throws `PortInUseError` or `ListenError` where the port cannot be had. Where another demur is why, which holds the
 * data directory too, the database's own DataDirectoryInUseError comes first: another port alone would not help.
 */
export async function requirePort(env: Env): Promise<void> {
  const problem = await portProblem(env);
  if (problem === null) return;
  if (env.databaseUrl === undefined && existsSync(env.dataDir))
    await (await openDatabase({ dataDir: env.dataDir })).close();
  throw problem;
}

function portProblem({ host, port }: Env): Promise<DemurError | null> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(listenError(error, { host, port })));
    probe.listen(port, host, () => probe.close(() => resolve(null)));
  });
}
