/**
 * One worker thread of the engine host: a backend of its own, models over shared weights, one shard at a time. The only
 * file of this library, with execute-shard.ts, that a tensor library reaches.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { weightShapes, type BackendChoice } from '@demur/model';
import { openBackend, Transformer, type Backend } from '@demur/model/engine';
import { executeTask } from '../execute-task.ts';
import type { ShardArrays } from '../shard.ts';
import { cancelTokenOf } from './cancel-token.ts';
import { CancelledError } from './errors.ts';
import { reportError } from './error-report.ts';
import type { FromThread, SharedModel, ThreadOutcome, ToThread } from './protocol.ts';

const port = parentPort;
if (port === null) throw new Error('thread.ts runs as a worker thread of the engine host');

const models = new Map<string, Transformer>();
let backend: Backend | undefined;

/** Messages are handled one after the other: a model is not forgotten under a running shard. */
let work: Promise<void> = openThread();
port.on('message', (message: ToThread) => {
  if (message.type === 'exchanged') endExchange(message.values);
  else work = work.then(() => (message.type === 'run' ? runShard(message) : forget(message.key)));
});

/** The running shard's wait for the values of the others. */
let exchanging: PromiseWithResolvers<Float32Array[]> | undefined;

function say(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

async function openThread(): Promise<void> {
  try {
    backend = await openBackend(workerData as BackendChoice);
    const { name, version, precision, reason, onlyThread } = backend;
    say({ type: 'ready', backend: { name, version, precision, reason, onlyThread } });
  } catch (error) {
    say({ type: 'refused', error: reportError(error) });
  }
}

async function runShard(message: Extract<ToThread, { type: 'run' }>): Promise<void> {
  try {
    const outcome = await shardOutcome(message);
    say({ type: 'done', outcome }, buffersOf(outcome.arrays));
  } catch (error) {
    say({ type: 'failed', error: reportError(error) });
  } finally {
    await backend?.idle();
  }
}

async function shardOutcome({ model, task, cancelFlag }: Extract<ToThread, { type: 'run' }>): Promise<ThreadOutcome> {
  const cancel = cancelTokenOf(cancelFlag);
  cancel.throwIfCancelled();
  const opening = now();
  const transformer = openModel(model);
  const startedAt = now();
  const diskSeconds = transformer.diskSeconds;
  const openSeconds = (startedAt - opening) / 1000;
  const outcomeOf = (arrays: ShardArrays): ThreadOutcome => ({
    ...{ arrays, startedAt, endedAt: now(), openSeconds },
    diskSeconds: transformer.diskSeconds - diskSeconds,
  });
  const arrays = await executeTask(transformer, task, {
    cancel,
    onProgress: (done, total) => say({ type: 'progress', done, total }),
    checkpoint: atMostEvery(CHECKPOINT_MS, (found) => say({ type: 'checkpoint', outcome: outcomeOf(found) })),
    exchange,
  });
  return outcomeOf(arrays);
}

function exchange(values: Float32Array): Promise<Float32Array[]> {
  exchanging = Promise.withResolvers();
  say({ type: 'exchange', values });
  return exchanging.promise;
}

/** A member that has ended ends the others, as a cancelled run does. */
function endExchange(values: Float32Array[] | null): void {
  if (values === null) exchanging?.reject(new CancelledError());
  else exchanging?.resolve(values);
}

/** Between two checkpoints, which are copied to another process and written to disk. */
const CHECKPOINT_MS = 500;

/** `take`, for which calls that come too early are dropped. */
function atMostEvery(pauseMs: number, take: (arrays: ShardArrays) => void): (arrays: ShardArrays) => void {
  let last = now();
  return (arrays) => {
    if (now() - last < pauseMs) return;
    last = now();
    take(arrays);
  };
}

function openModel(shared: SharedModel): Transformer {
  const model = models.get(shared.key) ?? newModel(shared);
  models.set(shared.key, model);
  return model;
}

/** Refuses by name what the device cannot hold, before anything is brought there. */
function newModel({ config, weights, activationBytes }: SharedModel): Transformer {
  for (const { name, shape } of weightShapes(weights)) backend?.checkSize(`The weight ${name}`, shape);
  return new Transformer(config, weights, { activationBytes });
}

function forget(key: string): void {
  models.get(key)?.dispose();
  models.delete(key);
  globalThis.gc?.();
}

/** Milliseconds since 1970 by the clock that never jumps within a process; threads of one process agree on it. */
function now(): number {
  return performance.timeOrigin + performance.now();
}

/** The memory to hand over instead of copying it. */
function buffersOf(arrays: ShardArrays): ArrayBuffer[] {
  const buffers = Object.values(arrays).map(({ values }) => values.buffer);
  return [...new Set(buffers)].filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
}
