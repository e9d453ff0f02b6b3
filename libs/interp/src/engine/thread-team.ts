/** The worker threads of the engine host: started when there is work for one more, each given one shard at a time. */
import { Worker } from 'node:worker_threads';
import type { BackendChoice } from '@demur/model';
import { CancelledError, ThreadStoppedError } from './errors.ts';
import { reportedError } from './error-report.ts';
import type { BackendReport, FromThread, ThreadOutcome, ToThread } from './protocol.ts';
import { TeamRun, type RunOrder } from './team-run.ts';

interface Thread {
  worker: Worker;
  /** Whether its backend is open. */
  ready: boolean;
  /** What it runs: a member of a run. */
  job: { run: TeamRun; member: number } | undefined;
}

/** Up to `size` threads. Not a scheduler of runs: first come, first served, each when all of its members have a thread. */
export class ThreadTeam {
  #size: number;
  readonly #threads = new Set<Thread>();
  #queue: TeamRun[] = [];
  #backend: BackendChoice;

  constructor(backend: BackendChoice, size: number) {
    this.#backend = backend;
    this.#size = size;
  }

  /** Starts the first thread, which decides what `auto` is. Rejects when the backend does not load. */
  open(): Promise<BackendReport> {
    return new Promise((resolve, reject) => {
      this.#startThread((backend) => {
        this.#backend = backend.name;
        if (backend.onlyThread) this.#size = 1;
        resolve(backend);
      }, reject);
    });
  }

  /** Runs the members of an order at the same time, as soon as there are threads for all of them. */
  run(order: RunOrder): Promise<ThreadOutcome[]> {
    const run = new TeamRun(order);
    if (run.size > this.#size)
      run.refuse(new RangeError(`${run.size} shards that run together need as many threads; there are ${this.#size}`));
    else this.#queue.push(run);
    this.#dispatch();
    return run.outcomes;
  }

  /** Lets go of what has been cancelled before it began. */
  dropCancelled(): void {
    for (const run of this.#queue) if (run.isCancelled) run.refuse(new CancelledError());
    this.#queue = this.#queue.filter(({ isCancelled }) => !isCancelled);
  }

  /** Lets every thread drop a model, once it is done with what it runs. */
  forget(key: string): void {
    for (const { worker } of this.#threads) worker.postMessage({ type: 'forget', key } satisfies ToThread);
  }

  #dispatch(): void {
    this.dropCancelled();
    const threads = [...this.#threads];
    const free = threads.filter(({ ready, job }) => ready && job === undefined);
    for (let next = this.#queue[0]; next !== undefined && next.size <= free.length; next = this.#queue[0]) {
      this.#queue.shift();
      for (const [member, thread] of free.splice(0, next.size).entries()) give(thread, next, member);
    }
    const starting = threads.filter(({ ready }) => !ready).length;
    const wanted = this.#queue.reduce((sum, { size }) => sum + size, 0) - starting - free.length;
    for (let more = wanted; more > 0 && this.#threads.size < this.#size; more--)
      this.#startThread(
        () => undefined,
        () => undefined,
      );
  }

  #startThread(onReady: (backend: BackendReport) => void, onRefused: (error: Error) => void): void {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: this.#backend });
    const thread: Thread = { worker, ready: false, job: undefined };
    this.#threads.add(thread);
    const stop = (error: Error) => {
      if (!this.#threads.delete(thread)) return;
      if (!thread.ready) {
        this.#size = Math.max(1, this.#threads.size);
        onRefused(error);
        this.#refuseTooLarge(error);
      }
      thread.job?.run.fail(thread.job.member, error);
      this.#dispatch();
    };
    worker.on('error', (error: Error) => stop(new ThreadStoppedError(error.message, error)));
    worker.on('exit', (code) => stop(new ThreadStoppedError(`exit code ${code}`)));
    worker.on('message', (message: FromThread) => {
      if (message.type === 'refused') stop(reportedError(message.error));
      else if (message.type === 'ready') onReady(message.backend);
      this.#hear(thread, message);
    });
  }

  #hear(thread: Thread, message: FromThread): void {
    const { job } = thread;
    if (message.type === 'refused') return void thread.worker.terminate();
    if (message.type === 'ready') thread.ready = true;
    else job?.run.hear(job.member, message);
    if (message.type === 'done' || message.type === 'failed') thread.job = undefined;
    if (thread.job === undefined) this.#dispatch();
  }

  /**
   * A further thread that does not start is no loss while others work. What needs more threads than there are cannot run, and
   * without any nothing can.
   */
  #refuseTooLarge(error: Error): void {
    const most = this.#threads.size;
    for (const run of this.#queue) if (run.size > most) run.refuse(error);
    this.#queue = this.#queue.filter(({ size }) => size <= most);
  }
}

function give(thread: Thread, run: TeamRun, member: number): void {
  thread.job = { run, member };
  run.start(member, thread.worker);
}
