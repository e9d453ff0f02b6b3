/**
 * Root mean square norm (Zhang and Sennrich 2019, arXiv 1910.07467), forward and vector-Jacobian product.
 * The scale is a function of the input and is differentiated; nothing is frozen.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor1D, Tensor2D } from '@tensorflow/tfjs';

export interface RmsNormWeights {
  /** [dModel] */
  w: Tensor1D;
  eps: number;
}

/** What the norm made of `x`. */
export interface RmsNormTrace {
  /** [rows, 1], √(mean x² + eps). */
  scale: Tensor2D;
  /** [rows, dModel], x / scale: of mean square one. */
  unit: Tensor2D;
  /** [rows, dModel], what the next layer reads: unit · w. */
  normalized: Tensor2D;
}

/** x [rows, dModel] → x / √(mean x² + eps) · w. */
export function rmsNorm({ w, eps }: RmsNormWeights, x: Tensor2D): RmsNormTrace {
  const scale = x.square().mean(1, true).add(eps).sqrt() as Tensor2D;
  const unit: Tensor2D = x.div(scale);
  return { scale, unit, normalized: unit.mul(w) };
}

/**
 * Vector-Jacobian product: dOut [..., rows, dModel] → dx of the same shape, leading axes are independent readers.
 * With u = x / s and g = dOut · w: dx = (g − u · mean(g · u)) / s.
 */
export function rmsNormVjp<T extends Tensor>(
  { w }: RmsNormWeights,
  { unit, scale }: Pick<RmsNormTrace, 'unit' | 'scale'>,
  dOut: T,
): T {
  const g = dOut.mul(w);
  const along = g.mul(unit).mean(-1, true);
  return g.sub(tf.mul(unit, along)).div(scale);
}
