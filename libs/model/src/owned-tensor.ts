/** Tensors over weights: no scope frees them, so whoever makes one disposes of it. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import type { WeightValues } from './weights/model-weights.ts';

/** A tensor over the values, without a copy where the backend can. */
export function ownedTensor<T extends Tensor>({ values, shape }: WeightValues): T {
  return tf.keep(tf.tensor(values as unknown as Float32Array, shape, 'float32')) as T;
}
