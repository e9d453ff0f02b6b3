/** The worker threads of the engine host: started when there is work for one more, each given one shard at a time. */
import { Worker } from 'node:worker_threads';
import type { BackendChoice } from '@demur/model';
import { CancelledError, ThreadStoppedError } from './errors.ts';
import { reportedError } from './error-report.ts';
import type { BackendReport, FromThread, ThreadOutcome, ToThread } from './protocol.ts';

type RunMessage = Extract<ToThread, { type: 'run' }>;

/** What a caller hears while its shard runs. */
export interface ShardListener {
  onProgress(done: number, total: number): void;
  onCheckpoint(outcome: ThreadOutcome): void;
}

interface Job extends ShardListener {
  message: RunMessage;
  resolve(outcome: ThreadOutcome): void;
  reject(error: Error): void;
}

interface Member {
  worker: Worker;
  /** Whether its backend is open. */
  ready: boolean;
  job: Job | undefined;
}

/** Up to `size` threads. Not a scheduler of runs: first come, first served. */
export class ThreadTeam {
  #size: number;
  readonly #members = new Set<Member>();
  readonly #queue: Job[] = [];
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

  /** Runs one shard on the next free thread. */
  run(message: RunMessage, listener: ShardListener): Promise<ThreadOutcome> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ message, ...listener, resolve, reject });
      this.#dispatch();
    });
  }

  /** Lets every thread drop a model, once it is done with what it runs. */
  forget(key: string): void {
    for (const { worker } of this.#members) worker.postMessage({ type: 'forget', key } satisfies ToThread);
  }

  #dispatch(): void {
    const members = [...this.#members];
    for (const member of members.filter(({ ready, job }) => ready && job === undefined)) this.#give(member);
    const starting = members.filter(({ ready }) => !ready).length;
    for (let more = this.#queue.length - starting; more > 0 && this.#members.size < this.#size; more--)
      this.#startThread(
        () => undefined,
        (error) => this.#failQueueIfAlone(error),
      );
  }

  #give(member: Member): void {
    const job = this.#queue.shift();
    if (job === undefined) return;
    if (Atomics.load(job.message.cancelFlag, 0) !== 0) {
      job.reject(new CancelledError());
      this.#give(member);
      return;
    }
    member.job = job;
    member.worker.postMessage(job.message);
  }

  #startThread(onReady: (backend: BackendReport) => void, onRefused: (error: Error) => void): void {
    const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: this.#backend });
    const member: Member = { worker, ready: false, job: undefined };
    this.#members.add(member);
    const stop = (error: Error) => {
      if (!this.#members.delete(member)) return;
      if (!member.ready) {
        this.#size = Math.max(1, this.#members.size);
        onRefused(error);
      }
      member.job?.reject(error);
      this.#dispatch();
    };
    worker.on('error', (error: Error) => stop(new ThreadStoppedError(error.message, error)));
    worker.on('exit', (code) => stop(new ThreadStoppedError(`exit code ${code}`)));
    worker.on('message', (message: FromThread) => {
      if (message.type === 'refused') stop(reportedError(message.error));
      else if (message.type === 'ready') onReady(message.backend);
      this.#hear(member, message);
    });
  }

  #hear(member: Member, message: FromThread): void {
    const { job } = member;
    switch (message.type) {
      case 'refused':
        void member.worker.terminate();
        return;
      case 'progress':
        return job?.onProgress(message.done, message.total);
      case 'checkpoint':
        return job?.onCheckpoint(message.outcome);
      case 'ready':
        member.ready = true;
        break;
      case 'done':
        job?.resolve(message.outcome);
        break;
      case 'failed':
        job?.reject(reportedError(message.error));
    }
    member.job = undefined;
    this.#dispatch();
  }

  /** A further thread that does not start is no loss while others work; without any, nothing in the queue can run. */
  #failQueueIfAlone(error: Error): void {
    if (this.#members.size > 0) return;
    for (const job of this.#queue.splice(0)) job.reject(error);
  }
}
