/** The engine as its users see it: shards in, arrays out, in a process of its own that is started again if it dies. */
import { availableParallelism, totalmem } from 'node:os';
import type { BackendChoice, BackendName } from '@demur/model';
import { PoolClosedError } from './errors.ts';
import { HostProcess, type ShardRunOptions } from './host-process.ts';
import type { BackendReport, EngineTask, HostSettings, ShardOutcome } from './protocol.ts';

/** A model on this machine: a directory or a GGUF file. */
export interface ModelRef {
  path: string;
}

export interface EnginePoolOptions {
  backend?: BackendChoice;
  /** Worker threads, one core each; by default as many as there are cores. */
  workers?: number;
  /** Bytes of weights that may stay loaded between runs; by default a quarter of the machine's memory. */
  cacheBytes?: number;
  /** Takes each line that the engine's libraries print. */
  onLog?: (line: string) => void;
  /** Closes the pool when it aborts, also while it is still opening. */
  signal?: AbortSignal;
}

export interface EnginePool {
  readonly backend: BackendName;
  readonly backendVersion: string;
  /** Why this backend: a sentence. */
  readonly reason: string;
  readonly workers: number;
  /** The engine's process, while there is one. */
  readonly pid: number | undefined;
  /**
   * Runs one shard, or one check of the model. Rejects with `CancelledError` when `signal` aborts, `EngineStoppedError` when the engine dies (the
   * next call starts a new one), `PoolClosedError` after `close`, or the shard's own error.
   */
  run(model: ModelRef, task: EngineTask, options?: ShardRunOptions): Promise<ShardOutcome>;
  /** Ends the engine. What still runs is rejected. */
  close(): Promise<void>;
}

/** Starts an engine and waits for its backend. Throws the backend's own error when it does not load. */
export async function openEnginePool(options: EnginePoolOptions = {}): Promise<EnginePool> {
  const pool = new HostedPool(options);
  options.signal?.addEventListener('abort', () => void pool.close());
  if (options.signal?.aborted === true) await pool.close();
  await pool.start();
  return pool;
}

class HostedPool implements EnginePool {
  readonly #settings: HostSettings;
  readonly #onLog: (line: string) => void;
  #host: HostProcess | undefined;
  #report: BackendReport | undefined;
  #closed = false;

  constructor({ backend = 'auto', workers, cacheBytes, onLog = () => undefined }: EnginePoolOptions) {
    this.#settings = { backend, workers: workers ?? availableParallelism(), cacheBytes: cacheBytes ?? totalmem() / 4 };
    this.#onLog = onLog;
  }

  /** A device has one worker, however many were asked for. */
  get workers(): number {
    return this.#report?.onlyThread === true ? 1 : this.#settings.workers;
  }

  get backend(): BackendName {
    return this.#backendReport.name;
  }

  get backendVersion(): string {
    return this.#backendReport.version;
  }

  get reason(): string {
    return this.#backendReport.reason;
  }

  get pid(): number | undefined {
    return this.#host?.alive === true ? this.#host.pid : undefined;
  }

  async run(model: ModelRef, task: EngineTask, options: ShardRunOptions = {}): Promise<ShardOutcome> {
    const host = await this.start();
    return host.run(model.path, task, options);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#host?.kill(new PoolClosedError());
  }

  /** The running host, or a new one where it has died. */
  async start(): Promise<HostProcess> {
    if (this.#closed) throw new PoolClosedError();
    if (this.#host?.alive !== true) this.#host = new HostProcess(this.#settings, this.#onLog);
    const host = this.#host;
    this.#report = await host.ready;
    return host;
  }

  get #backendReport(): BackendReport {
    if (this.#report === undefined) throw new PoolClosedError();
    return this.#report;
  }
}
