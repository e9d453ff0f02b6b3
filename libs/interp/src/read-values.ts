/** From a tensor to its values: computed in a scope of its own, read, and freed. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/** The values of what `compute` returns, row-major float32; every tensor that it made is freed. */
export function readValues(compute: () => Tensor): Float32Array {
  const tensor = tf.tidy(compute);
  try {
    return tensor.dataSync<'float32'>();
  } finally {
    tensor.dispose();
  }
}
