/**
 * The `tensorflow` backend: TensorFlow's C library through @tensorflow/tfjs-node-gpu, whose addon `npm run setup`
 * builds. On the CPU unless TensorFlow finds a GPU. Worker threads each open their own; the library exists once.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs';
import { inMemory, type LoadedBackend } from './backend.ts';
import { BackendUnavailableError } from './backend-unavailable-error.ts';

/** The addon's backend object, as far as it is used here. */
interface NodeBackend {
  binding: { TF_Version: string };
  isUsingGpuDevice: boolean;
}

/** Loads the library and makes it this thread's backend. Throws BackendUnavailableError with cause and fix. */
export async function loadTensorflow(): Promise<LoadedBackend> {
  restoreRemovedUtilities();
  requireAddon();
  await tf.setBackend('tensorflow');
  const { binding, isUsingGpuDevice } = tf.backend() as unknown as NodeBackend;
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0) || availableParallelism();
  const place = isUsingGpuDevice ? 'a GPU' : `the CPU, ${threads} thread${threads === 1 ? '' : 's'}`;
  const version = binding.TF_Version;
  return { ...inMemory, name: 'tensorflow', version, threads, describe: `tensorflow ${version} on ${place}` };
}

/** tfjs-node 4.22 calls `util.isNullOrUndefined`, which Node 23 removed. */
function restoreRemovedUtilities(): void {
  const removed = util as { isNullOrUndefined?: (value: unknown) => boolean };
  removed.isNullOrUndefined ??= (value) => value === null || value === undefined;
}

function requireAddon(): void {
  try {
    createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
  } catch (cause) {
    throw new BackendUnavailableError('tensorflow', `TensorFlow does not load: ${explain(cause)}`, cause);
  }
}

function explain(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  const line = text.split('\n')[0] ?? text;
  if (text.includes('tfjs_binding.node) can not be found')) return 'its addon is not built. Run `npm run setup`.';
  if (text.includes("Cannot find module '@tensorflow/tfjs-node-gpu'")) {
    return '@tensorflow/tfjs-node-gpu is not installed. Run `npm ci`, then `npm run setup`.';
  }
  if (text.includes('cannot open shared object file')) {
    return `a shared library is missing (${line}). Run \`npm run setup\`.`;
  }
  return `${line}. Run \`npm run setup\`; if it stays so, delete the folder .cache/tensorflow first.`;
}
