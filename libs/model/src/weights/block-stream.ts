// The blocks of a streamed model as the computing thread sees them: a loader thread fills shared slots, and this thread,
// which must not return to its event loop meanwhile, waits for them by Atomics. Not the policy: see block-slots.ts.

import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DemurError } from '../errors.ts';
import { BlockSlots } from './block-slots.ts';
import { blocksOf, CHUNKS_READ, CLOSING, FIRST_SLOT } from './stream-recipe.ts';
import type { BlockLayout, LoaderSetup, LoadFailure, LoadRequest, StreamRecipe } from './stream-recipe.ts';
import type { WeightStore } from './weight-store.ts';

/** The loader has read nothing for this long. */
const STALLED_MS = 60_000;

/** A disk, or a network behind it, that has stopped to answer. */
export class DiskStalledError extends DemurError {
  constructor(layer: number) {
    super(
      'DISK_STALLED',
      `nothing of block ${layer} has been read for ${STALLED_MS / 1000} s; check the disk that holds the model, and run again.`,
    );
  }
}

export class BlockStream {
  readonly #blocks: BlockLayout[];
  readonly #buffers: SharedArrayBuffer[];
  readonly #state: Int32Array<SharedArrayBuffer>;
  readonly #slots: BlockSlots;
  readonly #port: MessagePort;
  /** By slot: the ticket of the last request for it; 0 once it has failed. */
  readonly #tickets: number[] = [];
  /** By ticket: failed requests that nobody has waited for yet. */
  readonly #failures = new Map<number, LoadFailure>();
  #lastTicket = 0;
  #waitedMs = 0;

  constructor(recipe: StreamRecipe) {
    this.#blocks = blocksOf(recipe.plan);
    const slotBytes = Math.max(0, ...this.#blocks.map(({ byteLength }) => byteLength));
    const count = Math.min(recipe.residency.slots, this.#blocks.length);
    this.#buffers = Array.from({ length: count }, () => new SharedArrayBuffer(slotBytes));
    this.#state = new Int32Array(new SharedArrayBuffer(4 * (FIRST_SLOT + count)));
    this.#slots = new BlockSlots(this.#blocks.length, count, (layer, slot) => this.#request(layer, slot));
    this.#port = startLoader({ recipe, slots: this.#buffers, state: this.#state });
  }

  /** Seconds for which this thread has waited for blocks. */
  get waitedSeconds(): number {
    return this.#waitedMs / 1000;
  }

  /** Runs `work` with a block's weights, while what comes after is read. The slot keeps the block until it returns. */
  withBlock<T>(layer: number, ahead: number, work: (block: WeightStore) => T): T {
    const slot = this.#slots.take(layer);
    try {
      this.#slots.readAhead(layer, ahead);
      this.#wait(layer, slot);
      return work({ buffer: this.#buffers[slot]!, tensors: this.#blocks[layer]!.tensors });
    } finally {
      this.#slots.release(slot);
    }
  }

  /** Lets the loader end, at the latest after the chunk that it reads. */
  close(): void {
    Atomics.store(this.#state, CLOSING, 1);
    this.#port.close();
  }

  #request(layer: number, slot: number): void {
    const ticket = ++this.#lastTicket;
    this.#tickets[slot] = ticket;
    this.#port.postMessage({ layer, slot, ticket } satisfies LoadRequest);
  }

  /** Returns when the slot's last request is done. */
  #wait(layer: number, slot: number): void {
    const ticket = this.#tickets[slot]!;
    const at = FIRST_SLOT + slot;
    const start = performance.now();
    for (let done = Atomics.load(this.#state, at); done !== ticket; done = Atomics.load(this.#state, at)) {
      if (done === -ticket) this.#fail(slot, ticket);
      this.#sleep(at, done, layer);
    }
    this.#waitedMs += performance.now() - start;
  }

  #sleep(at: number, done: number, layer: number): void {
    if (Atomics.load(this.#state, CLOSING) !== 0) throw new Error(`layer ${layer} of weights that are closed`);
    const chunks = Atomics.load(this.#state, CHUNKS_READ);
    const woke = Atomics.wait(this.#state, at, done, STALLED_MS);
    if (woke === 'timed-out' && Atomics.load(this.#state, CHUNKS_READ) === chunks) throw new DiskStalledError(layer);
  }

  /** Throws what the loader met; the next call for the block reads it again. */
  #fail(slot: number, ticket: number): never {
    for (let got = receiveMessageOnPort(this.#port); got !== undefined; got = receiveMessageOnPort(this.#port)) {
      const failure = got.message as LoadFailure;
      this.#failures.set(failure.ticket, failure);
    }
    const failure = this.#failures.get(ticket);
    this.#slots.forget(slot);
    this.#tickets[slot] = 0;
    for (const known of this.#failures.keys()) if (!this.#tickets.includes(known)) this.#failures.delete(known);
    if (failure?.code !== undefined) throw new DemurError(failure.code, failure.message);
    throw new Error(failure?.message ?? 'the loader failed');
  }
}

/** Starts the loader, which works while this thread waits. It keeps no process alive, and ends with its port. */
function startLoader(setup: LoaderSetup): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const loader = new Worker(new URL('./block-loader.ts', import.meta.url), {
    workerData: { ...setup, port: port2 },
    transferList: [port2],
    execArgv: [],
  });
  loader.unref();
  return port1;
}
