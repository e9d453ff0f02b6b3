/**
 * A worker thread of the backend tests: opens the backend it is told, runs the contract's operations with the inputs made
 * on that backend, and posts their values.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import type { BackendChoice } from '../../libs/model/src/backend/backend-name.ts';
import { openBackend } from '../../libs/model/src/backend/open-backend.ts';
import { operations, type Values } from './backend-contract.ts';

/** What the thread is given: `shared` holds float32 numbers. */
export interface OperationsTask {
  backend: BackendChoice;
  shared: SharedArrayBuffer;
}

/** What it posts. */
export interface OperationsAnswer {
  name: string;
  outputs: Record<string, Values>;
  /** The shared numbers, as the backend gives them back. */
  shared: number[];
  /** Tensors that were left after all of it. */
  left: number;
}

const { backend, shared } = workerData as OperationsTask;
const { name, idle } = await openBackend(backend);
// Else small tensors would be computed on the CPU, and the device's own arithmetic would not be seen.
if (name === 'webgpu') tf.env().set('WEBGPU_CPU_FORWARD', false);
const outputs: Record<string, Values> = {};
for (const [key, { run }] of Object.entries(operations)) {
  const tensor = tf.tidy(run);
  outputs[key] = { shape: tensor.shape, values: Array.from(await tensor.data()) };
  tensor.dispose();
}
const whole = tf.tensor1d(new Float32Array(shared));
const twice = tf.tidy(() => whole.add(whole).reshape([-1]));
const back = Array.from(await twice.data(), (value) => value / 2);
tf.dispose([whole, twice]);
await idle();
const answer: OperationsAnswer = { name, outputs, shared: back, left: tf.memory().numTensors };
parentPort?.postMessage(answer);
