/**
 * The `tensorflow` backend: TensorFlow's C library through @tensorflow/tfjs-node-gpu, whose addon `npm run setup`
 * builds. On the CPU unless TensorFlow finds a GPU. Worker threads each open their own; the library exists once.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
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
  const { binding, isUsingGpuDevice: onGpu } = tf.backend() as unknown as NodeBackend;
  const threads = Number(process.env['TF_NUM_INTRAOP_THREADS'] ?? 0) || availableParallelism();
  const precision = onGpu && process.env['NVIDIA_TF32_OVERRIDE'] !== '0' ? 'tf32' : 'float32';
  const cpu = `the CPU, ${threads} thread${threads === 1 ? '' : 's'}${hasCuda() ? '; its CUDA libraries found no GPU' : ''}`;
  const place = onGpu ? `${gpuName()}, by CUDA, in ${precision}` : cpu;
  const version = binding.TF_Version;
  const describe = `tensorflow ${version} on ${place}`;
  return { ...inMemory, name: 'tensorflow', version, threads, precision, onlyThread: onGpu, describe };
}

/** Whether the library that `npm run setup -- --gpu` brings is the one that is linked. */
function hasCuda(): boolean {
  const folder = dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  return existsSync(join(folder, 'deps', 'nvidia'));
}

/** What NVIDIA's driver calls the machine's GPUs; TensorFlow tells it in its log alone. */
function gpuName(): string {
  try {
    const folder = '/proc/driver/nvidia/gpus';
    const texts = readdirSync(folder).map((gpu) => readFileSync(join(folder, gpu, 'information'), 'utf8'));
    const names = texts.flatMap((text) => /^Model:\s*(.+)$/m.exec(text)?.[1] ?? []);
    return [...new Set(names)].join(' or ') || 'a GPU';
  } catch {
    return 'a GPU';
  }
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
