/** `tf.tidy` for functions whose result tfjs's types cannot describe, such as `Tensor | null` or an interface of tensors. */
import * as tf from '@tensorflow/tfjs';
import type { TensorContainer } from '@tensorflow/tfjs';

/** Runs `work`, then frees every tensor that it made, but for those in what it returns. Return no large typed arrays. */
export function scoped<T>(work: () => T): T {
  return tf.tidy(work as () => TensorContainer) as T;
}
