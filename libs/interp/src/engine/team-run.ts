/**
 * One run of the thread team: the members that run at the same time, what they exchange, and its end. A member that fails
 * ends the others: those that compute by the flag that all share, those that wait for the others' values at once.
 */
import type { Worker } from 'node:worker_threads';
import { cancel } from './cancel-token.ts';
import { reportedError } from './error-report.ts';
import type { FromThread, ThreadOutcome, ToThread } from './protocol.ts';

type RunMessage = Extract<ToThread, { type: 'run' }>;

/** What a thread says of what it runs. */
type FromMember = Exclude<FromThread, { type: 'ready' | 'refused' }>;

/** What to run, and who hears of it while it runs. */
export interface RunOrder {
  /** One a member; all with the same cancel flag. */
  messages: RunMessage[];
  onProgress(member: number, done: number, total: number): void;
  onCheckpoint(member: number, outcome: ThreadOutcome): void;
}

interface Member {
  message: RunMessage;
  /** Its thread, once it has one. */
  worker: Worker | undefined;
  hasEnded: boolean;
  outcome: ThreadOutcome | undefined;
  /** What it has given for the exchange that is under way. */
  offer: Float32Array | undefined;
}

export class TeamRun {
  readonly #order: RunOrder;
  readonly #members: Member[];
  readonly #end = Promise.withResolvers<ThreadOutcome[]>();
  #error: Error | undefined;

  constructor(order: RunOrder) {
    this.#order = order;
    this.#members = order.messages.map((message) => ({
      ...{ message, hasEnded: false },
      ...{ worker: undefined, outcome: undefined, offer: undefined },
    }));
  }

  /** By member, once all have ended; rejects with the first member's error then. */
  get outcomes(): Promise<ThreadOutcome[]> {
    return this.#end.promise;
  }

  /** Members, which need a thread each. */
  get size(): number {
    return this.#members.length;
  }

  get isCancelled(): boolean {
    return Atomics.load(this.#flag, 0) !== 0;
  }

  /** Ends a run that has not started. */
  refuse(error: Error): void {
    this.#end.reject(error);
  }

  start(member: number, worker: Worker): void {
    const own = this.#members[member]!;
    own.worker = worker;
    worker.postMessage(own.message);
  }

  hear(member: number, message: FromMember): void {
    switch (message.type) {
      case 'progress':
        return this.#order.onProgress(member, message.done, message.total);
      case 'checkpoint':
        return this.#order.onCheckpoint(member, message.outcome);
      case 'exchange':
        this.#members[member]!.offer = message.values;
        return this.#exchange();
      case 'done':
        this.#members[member]!.outcome = message.outcome;
        return this.#ended(member);
      case 'failed':
        return this.fail(member, reportedError(message.error));
    }
  }

  /** A member has failed, or its thread is gone. */
  fail(member: number, error: Error): void {
    this.#error ??= error;
    cancel(this.#flag);
    this.#ended(member);
  }

  get #flag(): Int32Array<SharedArrayBuffer> {
    return this.#members[0]!.message.cancelFlag;
  }

  #ended(member: number): void {
    this.#members[member]!.hasEnded = true;
    this.#exchange();
    if (!this.#members.every(({ hasEnded }) => hasEnded)) return;
    if (this.#error !== undefined) this.#end.reject(this.#error);
    else this.#end.resolve(this.#members.map(({ outcome }) => outcome!));
  }

  /** Answers those who wait: with all values once all have given theirs, or at once where one has ended and never will. */
  #exchange(): void {
    const waiting = this.#members.filter(({ offer }) => offer !== undefined);
    const isBroken = this.#members.some(({ hasEnded }) => hasEnded);
    if (waiting.length === 0 || (waiting.length < this.size && !isBroken)) return;
    if (isBroken) this.#error ??= new Error('a shard ended while another waited for its values');
    const values = isBroken ? null : waiting.map(({ offer }) => offer!);
    for (const { worker } of waiting) worker?.postMessage({ type: 'exchanged', values } satisfies ToThread);
    for (const member of waiting) member.offer = undefined;
  }
}
