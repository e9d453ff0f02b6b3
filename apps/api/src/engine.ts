/** The engine pool of this server: a process of its own, opened in the background once the port is open. */
import { openEnginePool, type EnginePool } from '@demur/interp';
import type { Env } from './env.ts';

export class Engine {
  readonly #env: Pick<Env, 'backend' | 'workers' | 'memoryBytes'>;
  #pool: Promise<EnginePool> | null = null;

  constructor(env: Pick<Env, 'backend' | 'workers' | 'memoryBytes'>) {
    this.#env = env;
  }

  /** The pool, opened by the first call. A failure is not kept: the next call tries again. */
  pool(): Promise<EnginePool> {
    this.#pool ??= this.#open().catch((error: unknown) => {
      this.#pool = null;
      throw error;
    });
    return this.#pool;
  }

  async close(): Promise<void> {
    const pool = await this.#pool?.catch(() => null);
    await pool?.close();
  }

  #open(): Promise<EnginePool> {
    const { backend, workers, memoryBytes } = this.#env;
    return openEnginePool({ backend, workers, memoryBytes, onLog: (line) => console.error(`engine: ${line}`) });
  }
}
