/**
 * A worker thread of the backend tests: opens the backend it is told, runs the operations that the engine stands on,
 * and posts their values. What they should be is in the test, in plain loops.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import type { BackendChoice } from '../../libs/model/src/backend/backend-name.ts';
import { openBackend } from '../../libs/model/src/backend/open-backend.ts';

/** What the thread is given: `shared` holds a [2, 3, 4] array, then a [4, 5] one, as float32. */
export interface OperationsTask {
  backend: BackendChoice;
  shared: SharedArrayBuffer;
}

/** What it posts: the backend's name, and for each operation its shape and values. */
export interface OperationsAnswer {
  name: string;
  outputs: Record<string, { shape: number[]; values: number[] }>;
}

function run(a: tf.Tensor3D, b: tf.Tensor2D): Record<string, tf.Tensor> {
  const batched = b.reshape([1, 4, 5]);
  return {
    matMulBroadcast: tf.matMul(a, batched),
    matMulTransposed: tf.matMul(a, a, false, true),
    softmax: tf.softmax(a),
    gather: tf.gather(b, tf.tensor1d([3, 0, 3], 'int32')),
    slice: tf.slice(a, [1, 1, 0], [1, 2, 3]),
    concat: tf.concat([a, a.neg()], 1),
    sigmoid: tf.sigmoid(a),
    rsqrt: tf.rsqrt(tf.add(tf.square(a), 0.5)),
    transpose: tf.transpose(a, [2, 0, 1]),
    mean: tf.mean(a, -1, true),
    where: tf.where(tf.greater(a, 0), a, tf.zerosLike(a)),
    gradientOfSilu: tf.grad((x) => tf.mul(x, tf.sigmoid(x)).sum())(a),
  };
}

const { backend, shared } = workerData as OperationsTask;
const { name } = await openBackend(backend);
const a = tf.tensor3d(new Float32Array(shared, 0, 24), [2, 3, 4]);
const b = tf.tensor2d(new Float32Array(shared, 24 * 4, 20), [4, 5]);
const outputs = Object.entries(run(a, b)).map(([key, tensor]) => {
  return [key, { shape: tensor.shape, values: Array.from(tensor.dataSync()) }] as const;
});
parentPort?.postMessage({ name, outputs: Object.fromEntries(outputs) } satisfies OperationsAnswer);
