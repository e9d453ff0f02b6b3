/**
 * Opens a tensor backend in this thread. Engine side: import it in worker threads and child processes only. Not a
 * registry: the backends are named here and nowhere else.
 */
import * as tf from '@tensorflow/tfjs';
import type { Backend, LoadedBackend } from './backend.ts';
import { backendNames, type BackendChoice, type BackendName } from './backend-name.ts';
import { BackendUnavailableError } from './backend-unavailable-error.ts';
import { loadTensorflow } from './tensorflow.ts';
import { loadWasm } from './wasm.ts';
import { loadWebgpu } from './webgpu.ts';

const loaders: Record<BackendName, () => Promise<LoadedBackend>> = {
  tensorflow: loadTensorflow,
  webgpu: loadWebgpu,
  wasm: loadWasm,
};

/** As `loaders`, for whoever has not named one. */
const automatic: typeof loaders = { ...loaders, webgpu: () => loadWebgpu({ software: false }) };

/**
 * Makes a backend the one that this thread's tfjs operations run on, and says which and why. `auto` takes TensorFlow, or
 * where it does not load a GPU by WebGPU, or wasm. Throws BackendUnavailableError, with the cause and the fix, when the
 * named backend does not load.
 */
export async function openBackend(choice: BackendChoice): Promise<Backend> {
  tf.enableProdMode();
  return choice === 'auto' ? openBest() : { ...(await loaders[choice]()), reason: `${choice} was asked for.` };
}

async function openBest(): Promise<Backend> {
  const passedOver: BackendUnavailableError[] = [];
  for (const name of backendNames) {
    try {
      const backend = await automatic[name]();
      const reason = passedOver.map(({ message }) => message).join(' ') || `${name} loads, and is the fastest.`;
      return { ...backend, reason };
    } catch (error) {
      if (!(error instanceof BackendUnavailableError)) throw error;
      passedOver.push(error);
    }
  }
  throw passedOver.at(-1) ?? new Error('there are no backends');
}
