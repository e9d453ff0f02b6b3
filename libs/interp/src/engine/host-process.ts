/** The parent's end of one engine host process: starts it, speaks with it, and tells when it is gone. */
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { backendEnvironment, isLibraryNoise } from '@demur/model';
import { CancelledError, EngineStoppedError } from './errors.ts';
import { reportedError } from './error-report.ts';
import type { BackendReport, EngineTask, FromHost, HostSettings, ModelRef, ShardOutcome, ToHost } from './protocol.ts';

/** What a caller may give. `member` is the place of the task among those that run together; 0 of one alone. */
export interface ShardRunOptions {
  signal?: AbortSignal;
  onProgress?: (progress: { stage: 'load' | 'run'; done: number; total: number }, member: number) => void;
  /** Takes what the shard has found so far, each time that it gives that. */
  onCheckpoint?: (outcome: ShardOutcome, member: number) => void;
}

interface Pending {
  options: ShardRunOptions;
  resolve(outcomes: ShardOutcome[]): void;
  reject(error: Error): void;
}

export class HostProcess {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #ready = Promise.withResolvers<BackendReport>();
  #nextId = 0;
  #lastLine: string | undefined;
  #alive = true;

  /** Starts the process; `ready` tells when it can work. */
  constructor(settings: HostSettings, onLog: (line: string) => void) {
    this.#child = forkHost(settings);
    this.#child.on('message', (message: FromHost) => this.#hear(message));
    this.#child.on('error', (error) => this.#stop(error.message));
    this.#child.on('exit', (code, signal) => this.#stop(signal ?? `exit code ${code}`));
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface(stream).on('line', (line) => this.#log(line, onLog));
    this.#ready.promise.catch(() => undefined);
  }

  /** The backend, once it is open. Rejects, with no process left, when it does not open. */
  get ready(): Promise<BackendReport> {
    return this.#ready.promise;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** The process id, for messages and tests. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Runs tasks at the same time, each on a thread of its own. */
  async run(model: ModelRef, tasks: EngineTask[], options: ShardRunOptions): Promise<ShardOutcome[]> {
    const { signal } = options;
    if (signal?.aborted === true) throw new CancelledError();
    if (!this.#alive) throw new EngineStoppedError('it was ended', this.#lastLine);
    const id = this.#nextId++;
    const onAbort = () => this.#say({ type: 'cancel', id });
    signal?.addEventListener('abort', onAbort);
    try {
      return await new Promise<ShardOutcome[]>((resolve, reject) => {
        this.#pending.set(id, { options, resolve, reject });
        this.#say({ type: 'run', id, model, tasks });
      });
    } finally {
      this.#pending.delete(id);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the process; what it still ran is rejected with `reason`. It keeps nothing that would have to be saved. */
  kill(reason: Error): void {
    this.#alive = false;
    this.#fail(reason);
    this.#child.kill('SIGKILL');
  }

  #say(message: ToHost): void {
    if (this.#alive) this.#child.send(message, (error) => error !== null && this.#stop(error.message));
  }

  #hear(message: FromHost): void {
    if (message.type === 'ready') return this.#ready.resolve(message.backend);
    if (message.type === 'refused') return this.kill(reportedError(message.error));
    const pending = this.#pending.get(message.id);
    if (message.type === 'done') pending?.resolve(message.outcomes);
    else if (message.type === 'failed') pending?.reject(reportedError(message.error));
    else if (message.type === 'checkpoint') pending?.options.onCheckpoint?.(message.outcome, message.member);
    else {
      const { stage, done, total, member } = message;
      pending?.options.onProgress?.({ stage, done, total }, member);
    }
  }

  #stop(how: string): void {
    this.#alive = false;
    this.#fail(new EngineStoppedError(how, this.#lastLine));
  }

  #fail(error: Error): void {
    this.#ready.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
  }

  #log(line: string, onLog: (line: string) => void): void {
    if (line.trim() === '' || isLibraryNoise(line)) return;
    this.#lastLine = line.trim();
    onLog(line);
  }
}

/** In a process group of its own, so that Ctrl-C on the terminal reaches the parent alone, which cancels in order. */
function forkHost(settings: HostSettings): ChildProcess {
  return fork(fileURLToPath(new URL('./host.ts', import.meta.url)), [JSON.stringify(settings)], {
    serialization: 'advanced',
    // A model that is dropped gives its memory back at once, not when a collection happens to come.
    execArgv: ['--expose-gc'],
    detached: true,
    env: { ...process.env, ...backendEnvironment(settings.threads) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
}
