/** The gated MLP of Llama (SwiGLU, Shazeer 2020, arXiv 2002.05202), forward and vector-Jacobian product. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import { project } from './project.ts';

export interface GatedMlpWeights {
  /** [dModel, dMlp] */
  W_gate: Tensor2D;
  /** [dModel, dMlp] */
  W_in: Tensor2D;
  /** [dMlp, dModel] */
  W_out: Tensor2D;
  /** Biases, where the model has them: [dMlp], [dMlp], [dModel]. */
  b_gate?: Tensor1D;
  b_in?: Tensor1D;
  b_out?: Tensor1D;
}

export interface GatedMlpTrace {
  /** [rows, dMlp], the gate before its nonlinearity: TransformerLens's `hook_pre`. */
  pre: Tensor2D;
  /** [rows, dMlp], the linear branch. */
  linear: Tensor2D;
  /** [rows, dMlp], silu(pre) · linear: TransformerLens's `hook_post`. */
  post: Tensor2D;
}

/** x [rows, dModel] → silu(x W_gate) · (x W_in), [rows, dMlp]; the caller multiplies by W_out. */
export function gatedMlpHidden(
  { W_gate, W_in, b_gate, b_in }: GatedMlpWeights,
  x: Tensor2D,
  onPre: (pre: Tensor2D) => Tensor2D = (pre) => pre,
): GatedMlpTrace {
  const pre = onPre(project(x, W_gate, b_gate));
  const linear = project(x, W_in, b_in);
  return { pre, linear, post: tf.tidy(() => pre.mul(pre.sigmoid()).mul(linear)) };
}

/** dPost [rows, dMlp] → gradients at `pre` and at the MLP's input. silu′(g) = σ(g) (1 + g (1 − σ(g))). */
export function gatedMlpVjp(
  weights: GatedMlpWeights,
  { pre, linear }: Pick<GatedMlpTrace, 'pre' | 'linear'>,
  dPost: Tensor2D,
): { dPre: Tensor2D; dIn: Tensor2D } {
  const sigmoid = pre.sigmoid();
  const silu: Tensor2D = pre.mul(sigmoid);
  // σ + silu (1 − σ)
  const slope = sigmoid.add(silu.sub(silu.mul(sigmoid)));
  const dPre: Tensor2D = dPost.mul(linear).mul(slope);
  const dLinear: Tensor2D = dPost.mul(silu);
  const dIn: Tensor2D = tf.matMul(dPre, weights.W_gate, false, true).add(tf.matMul(dLinear, weights.W_in, false, true));
  return { dPre, dIn };
}
