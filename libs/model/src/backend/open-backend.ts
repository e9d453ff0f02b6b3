/**
 * Opens a tensor backend in this thread. Engine side: import it in worker threads and child processes only. Not a
 * registry: the two backends are named here and nowhere else.
 */
import * as tf from '@tensorflow/tfjs';
import type { Backend, LoadedBackend } from './backend.ts';
import type { BackendChoice, BackendName } from './backend-name.ts';
import { BackendUnavailableError } from './backend-unavailable-error.ts';
import { loadTensorflow } from './tensorflow.ts';
import { loadWasm } from './wasm.ts';

const loaders: Record<BackendName, () => Promise<LoadedBackend>> = { tensorflow: loadTensorflow, wasm: loadWasm };

/**
 * Makes a backend the one that this thread's tfjs operations run on, and says which and why. `auto` takes TensorFlow,
 * or wasm where TensorFlow does not load. Throws BackendUnavailableError, with the cause and the fix, when the named
 * backend does not load.
 */
export async function openBackend(choice: BackendChoice): Promise<Backend> {
  tf.enableProdMode();
  return choice === 'auto' ? openBest() : { ...(await loaders[choice]()), reason: `${choice} was asked for.` };
}

async function openBest(): Promise<Backend> {
  try {
    return { ...(await loadTensorflow()), reason: 'TensorFlow loads, and is the fastest.' };
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    return { ...(await loadWasm()), reason: error.message };
  }
}
