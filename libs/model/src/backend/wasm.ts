/**
 * The `wasm` backend: @tensorflow/tfjs-backend-wasm with SIMD, one thread. It needs nothing native and runs wherever
 * Node does; large products are several times slower than TensorFlow's.
 */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { inMemory, type LoadedBackend } from './backend.ts';
import { BackendUnavailableError } from './backend-unavailable-error.ts';

/** Compiles the package's module and makes it this thread's backend. Throws BackendUnavailableError. */
export async function loadWasm(): Promise<LoadedBackend> {
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(`${dirname(entry)}/`);
  const opened = await tf.setBackend('wasm').catch((cause: unknown) => {
    throw new BackendUnavailableError('wasm', `WebAssembly does not start: ${String(cause)}`, cause);
  });
  if (!opened)
    throw new BackendUnavailableError('wasm', 'WebAssembly does not start: run `npm ci` to restore its files.');
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'with' : 'without';
  const describe = `wasm ${version_wasm} ${simd} SIMD, 1 thread`;
  return { ...inMemory, name: 'wasm', version: version_wasm, threads: 1, describe };
}
