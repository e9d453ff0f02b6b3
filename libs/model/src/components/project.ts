/** A linear map of token rows. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';

/** x [rows, in] · W [in, out] + b [out]; most models have no b. */
export function project(x: Tensor2D, W: Tensor2D, b?: Tensor1D): Tensor2D {
  const product: Tensor2D = tf.matMul(x, W);
  return b === undefined ? product : product.add(b);
}
