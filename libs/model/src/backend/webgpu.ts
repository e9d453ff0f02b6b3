/**
 * The `webgpu` backend: @tensorflow/tfjs-backend-webgpu on Dawn, for any GPU with a Vulkan, Metal or Direct3D 12 driver.
 * Values come back asynchronously only, and one thread of a process holds the device.
 */
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import type { LoadedBackend } from './backend.ts';
import { BackendUnavailableError } from './backend-unavailable-error.ts';
import type { DawnBackend } from './dawn-backend.ts';

/**
 * Opens the machine's best adapter and makes it this thread's backend. Throws BackendUnavailableError with cause and fix;
 * also for an adapter in software where `software` is false, since wasm is faster than such.
 */
export async function loadWebgpu({ software = true } = {}): Promise<LoadedBackend> {
  const backend = (tf.findBackend('webgpu') as DawnBackend | null) ?? (await openDevice());
  const { adapter, isSoftware } = backend;
  if (isSoftware && !software) {
    tf.removeBackend('webgpu');
    const text = `WebGPU finds no GPU, only ${adapter}, an adapter in software that is slower than wasm.`;
    throw new BackendUnavailableError('webgpu', text);
  }
  await tf.setBackend('webgpu');
  const version = packageVersion('webgpu');
  return {
    name: 'webgpu',
    version,
    threads: 1,
    precision: 'float32',
    describe: `webgpu (Dawn ${version}) on ${adapter}${isSoftware ? ', an adapter in software, no GPU' : ''}`,
    software: isSoftware,
    onlyThread: true,
    idle: () => backend.idle(),
    checkSize: (what, shape) => backend.checkSize(what, shape),
  };
}

/** Loads Dawn and tfjs's kernels only here, where they are asked for: 19 MB that other backends need not have. */
async function openDevice(): Promise<DawnBackend> {
  const [{ openDawn }, { DawnBackend }] = await importDawn();
  const backend = new DawnBackend(await openDawn());
  tf.registerBackend('webgpu', () => backend);
  return backend;
}

async function importDawn() {
  try {
    return await Promise.all([import('./dawn.ts'), import('./dawn-backend.ts')]);
  } catch (cause) {
    const line = String(cause).split('\n')[0];
    throw new BackendUnavailableError('webgpu', `Dawn does not load: ${line}. Run \`npm ci\`.`, cause);
  }
}

function packageVersion(name: string): string {
  const file = findPackageJSON(name, import.meta.url);
  if (file === undefined) return 'unknown';
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
