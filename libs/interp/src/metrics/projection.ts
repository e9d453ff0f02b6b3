/**
 * The dot product of the residual stream with a direction, as it is (a unit vector gives the coordinate along it): after the
 * last block, or after an earlier layer's, at the last position and before the final norm. So an attribution can ask which
 * edges write a direction.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { beforeNorm } from './metric.ts';
import type { Metric } from './metric.ts';

/** @param layers the blocks after which the residual stream is read. */
export function projection(direction: readonly number[], layers: number): Metric {
  const width = direction.length;
  return beforeNorm(layers, {
    value: (final, pairs) => tf.matMul(final, tf.tensor2d([...direction], [width, 1])).reshape<Tensor2D>([-1, pairs]),
    gradient: (final) => tf.tensor2d([...direction], [1, width]).tile([final.shape[0], 1]),
  });
}
