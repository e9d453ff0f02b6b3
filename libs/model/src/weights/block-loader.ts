/**
 * The thread that reads a streamed model's blocks into their slots: as stored from disk, decoded to float32, checked and
 * transposed. It ends when its port is closed. Not a policy: it is told what to read where.
 */
import { workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DemurError } from '../errors.ts';
import { taskOf, WeightReader } from './load-weights.ts';
import { ModelFiles } from './model-files.ts';
import { blocksOf, CHUNKS_READ, CLOSING, FIRST_SLOT } from './stream-recipe.ts';
import type { LoaderSetup, LoadFailure, LoadRequest } from './stream-recipe.ts';

const { recipe, slots, state, port } = workerData as LoaderSetup & { port: MessagePort };
const blocks = blocksOf(recipe.plan);
const files = new ModelFiles();

/** The streamed model is closed: nobody waits for the block any more. */
class ClosingError extends Error {}

const reader = new WeightReader(() => {
  Atomics.add(state, CHUNKS_READ, 1);
  if (Atomics.load(state, CLOSING) !== 0) throw new ClosingError();
});

port.on('message', (request: LoadRequest) => load(request));
port.on('close', () => files.close());

function load({ layer, slot, ticket }: LoadRequest): void {
  try {
    readBlock(layer, slots[slot]!);
    finish(slot, ticket);
  } catch (error) {
    if (error instanceof ClosingError) return;
    port.postMessage({ ticket, ...described(error) } satisfies LoadFailure);
    finish(slot, -ticket);
  }
}

function readBlock(layer: number, buffer: SharedArrayBuffer): void {
  const { planned, tensors } = blocks[layer]!;
  for (const part of planned) {
    const task = taskOf(part, { buffer, tensors }, recipe.entries);
    reader.read(files.open(task.entry.file), task);
  }
}

function finish(slot: number, ticket: number): void {
  Atomics.store(state, FIRST_SLOT + slot, ticket);
  Atomics.notify(state, FIRST_SLOT + slot);
}

function described(error: unknown): Omit<LoadFailure, 'ticket'> {
  if (error instanceof DemurError) return { code: error.code, message: error.message };
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}
