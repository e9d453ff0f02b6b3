/** The engine as its users see it: shards in, arrays out, in a process of its own that is started again if it dies. */
import { availableParallelism } from 'node:os';
import {
  planResidency,
  weightBudget,
  type BackendChoice,
  type BackendName,
  type ModelSource,
  type Precision,
  type Residency,
} from '@demur/model';
import { CancelledError, PoolClosedError } from './errors.ts';
import { HostProcess, type ShardRunOptions } from './host-process.ts';
import { defaultMemoryBytes } from './memory-budget.ts';
import type { BackendReport, EngineTask, HostSettings, ModelRef, ShardOutcome } from './protocol.ts';

export interface EnginePoolOptions {
  backend?: BackendChoice;
  /** Worker threads, one core each; by default as many as there are cores. */
  workers?: number;
  /** What the engine may take, weights and activations together; by default three quarters of what is available. */
  memoryBytes?: number;
  /** Takes each line that the engine's libraries print. */
  onLog?: (line: string) => void;
  /** Closes the pool when it aborts, also while it is still opening. */
  signal?: AbortSignal;
}

export interface EnginePool {
  readonly backend: BackendName;
  readonly backendVersion: string;
  /** Of the numbers in products. */
  readonly precision: Precision;
  /** Why this backend: a sentence. */
  readonly reason: string;
  readonly workers: number;
  /** What the engine may take, in bytes. */
  readonly memoryBytes: number;
  /** The engine's process, while there is one. */
  readonly pid: number | undefined;
  /** How a model runs here: in memory, or streamed from disk. @throws MemoryBudgetError where it cannot. */
  place(source: Pick<ModelSource, 'path' | 'weightSizes'>): ModelRef;
  /** Workers that run a model at a time: a streamed one has one, which all cores compute for. */
  workersFor(model: ModelRef): number;
  /**
   * Runs one shard, or one check of the model. Rejects with `CancelledError` when `signal` aborts, `EngineStoppedError`
   * when the engine dies (the next call starts a new one), `PoolClosedError` after `close`, or the shard's own error.
   */
  run(model: ModelRef, task: EngineTask, options?: ShardRunOptions): Promise<ShardOutcome>;
  /**
   * The same for shards that exchange values while they run: all at the same time, each on a worker of its own, and as soon
   * as one fails the others end. Not more of them than `workersFor` the model.
   */
  runTogether(model: ModelRef, tasks: EngineTask[], options?: ShardRunOptions): Promise<ShardOutcome[]>;
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

/**
 * One host process at a time. A host for models in memory has a worker a core with one thread each; a host for streamed
 * ones has one worker with a thread a core, so that the weights come from disk once. The tensor library reads the number
 * when its process starts: the first run of the other mode ends the host, when it is idle, and starts another.
 */
class HostedPool implements EnginePool {
  readonly memoryBytes: number;
  readonly #backend: BackendChoice;
  readonly #cores: number;
  readonly #onLog: (line: string) => void;
  #mode: Residency['mode'] = 'resident';
  /** Runs that hold the host, all of its mode. */
  #users = 0;
  /** Wakes the runs of the other mode. */
  #idle = Promise.withResolvers<void>();
  #host: HostProcess | undefined;
  #report: BackendReport | undefined;
  #closed = false;

  constructor({ backend = 'auto', workers, memoryBytes, onLog = () => undefined }: EnginePoolOptions) {
    this.#backend = backend;
    this.#cores = workers ?? availableParallelism();
    this.memoryBytes = memoryBytes ?? defaultMemoryBytes();
    this.#onLog = onLog;
  }

  /** A device has one worker, however many were asked for. */
  get workers(): number {
    return this.#report?.onlyThread === true ? 1 : this.#cores;
  }

  get backend(): BackendName {
    return this.#backendReport.name;
  }

  get backendVersion(): string {
    return this.#backendReport.version;
  }

  get precision(): Precision {
    return this.#backendReport.precision;
  }

  get reason(): string {
    return this.#backendReport.reason;
  }

  get pid(): number | undefined {
    return this.#host?.alive === true ? this.#host.pid : undefined;
  }

  place({ path, weightSizes }: Pick<ModelSource, 'path' | 'weightSizes'>): ModelRef {
    return { path, residency: planResidency(path, weightSizes, this.memoryBytes) };
  }

  workersFor({ residency }: ModelRef): number {
    return residency.mode === 'streamed' ? 1 : this.workers;
  }

  async run(model: ModelRef, task: EngineTask, options: ShardRunOptions = {}): Promise<ShardOutcome> {
    const [outcome] = await this.runTogether(model, [task], options);
    return outcome!;
  }

  async runTogether(model: ModelRef, tasks: EngineTask[], options: ShardRunOptions = {}): Promise<ShardOutcome[]> {
    await this.#enter(model.residency.mode, options.signal);
    try {
      const host = await this.start();
      return await host.run(model, tasks, options);
    } finally {
      this.#leave();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#host?.kill(new PoolClosedError());
    this.#idle.resolve();
  }

  /** Waits until no run of the other mode holds the host, then holds it. */
  async #enter(mode: Residency['mode'], signal: AbortSignal | undefined): Promise<void> {
    while (this.#mode !== mode && this.#users > 0 && !this.#closed) {
      if (signal?.aborted === true) throw new CancelledError();
      const aborted = Promise.withResolvers<void>();
      signal?.addEventListener('abort', () => aborted.resolve(), { once: true });
      await Promise.race([this.#idle.promise, aborted.promise]);
    }
    this.#users++;
    if (this.#mode === mode) return;
    this.#mode = mode;
    this.#host?.kill(new PoolClosedError());
  }

  #leave(): void {
    if (--this.#users > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers<void>();
  }

  get #settings(): HostSettings {
    const [workers, threads] = this.#mode === 'resident' ? [this.#cores, 1] : [1, this.#cores];
    return { backend: this.#backend, workers, threads, weightBytes: weightBudget(this.memoryBytes) };
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
