/**
 * The MLP of a block, forward and vector-Jacobian product: plain, act(x W_in), or gated, act(x W_gate) · (x W_in)
 * (Shazeer 2020, arXiv 2002.05202), each with its biases. Not W_out's product: block.ts.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs';
import type { Activation } from '../config.ts';
import { activations } from './activation.ts';
import { project } from './project.ts';

export interface MlpWeights {
  activation: Activation;
  /** [dModel, dMlp], of a gated MLP alone. */
  W_gate?: Tensor2D;
  /** [dModel, dMlp] */
  W_in: Tensor2D;
  /** [dMlp, dModel] */
  W_out: Tensor2D;
  /** Biases, where the model has them: [dMlp], [dMlp], [dModel]. */
  b_gate?: Tensor1D;
  b_in?: Tensor1D;
  b_out?: Tensor1D;
}

export interface MlpTrace {
  /** [rows, dMlp], what the nonlinearity reads: TransformerLens's `hook_pre`. */
  pre: Tensor2D;
  /** [rows, dMlp], the linear branch of a gated MLP. */
  linear?: Tensor2D;
  /** [rows, dMlp], what W_out reads: TransformerLens's `hook_post`. */
  post: Tensor2D;
}

export type MlpTape = Pick<MlpTrace, 'pre' | 'linear'>;

/** x [rows, dModel] → act(x W_gate) · (x W_in), or act(x W_in), [rows, dMlp]; the caller multiplies by W_out. */
export function mlpHidden(
  { activation, W_gate, W_in, b_gate, b_in }: MlpWeights,
  x: Tensor2D,
  onPre: (pre: Tensor2D) => Tensor2D = (pre) => pre,
): MlpTrace {
  const { f } = activations[activation];
  if (W_gate === undefined) {
    const pre = onPre(project(x, W_in, b_in));
    return { pre, post: tf.tidy(() => f(pre)) };
  }
  const pre = onPre(project(x, W_gate, b_gate));
  const linear = project(x, W_in, b_in);
  return { pre, linear, post: tf.tidy(() => f(pre).mul(linear)) };
}

/** dPost [rows, dMlp] → gradients at `pre` and at the MLP's input. */
export function mlpVjp(
  { activation, W_gate, W_in }: MlpWeights,
  { pre, linear }: MlpTape,
  dPost: Tensor2D,
): { dPre: Tensor2D; dIn: Tensor2D } {
  const { value, slope } = activations[activation].withSlope(pre);
  if (W_gate === undefined || linear === undefined) {
    const dPre: Tensor2D = dPost.mul(slope);
    return { dPre, dIn: tf.matMul(dPre, W_in, false, true) };
  }
  const dPre: Tensor2D = dPost.mul(linear).mul(slope);
  const dLinear: Tensor2D = dPost.mul(value);
  return { dPre, dIn: tf.matMul<Tensor2D>(dPre, W_gate, false, true).add(tf.matMul(dLinear, W_in, false, true)) };
}
