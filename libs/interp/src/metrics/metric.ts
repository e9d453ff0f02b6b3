/**
 * What a run is judged by, at the last position: the one interface of all metrics, and how it is made of what a metric
 * reads. Which metrics there are is open-metric.ts's table.
 */
import type { Tensor2D } from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { HookName } from '@demur/model';
import { normVjp } from '@demur/model/engine';
import type { FinalGradient, Transformer } from '@demur/model/engine';

/** A metric of the pairs of a block. Frees nothing itself: call within `tf.tidy`, or dispose. */
export interface Metric {
  /** The blocks after which it reads the residual stream: all, or fewer of a projection on an earlier layer's. */
  layers: number;
  /**
   * Residual streams after those blocks, before the final norm, at the last position [n · pairs, dModel] of the first
   * `pairs` pairs, varying fastest → [n, pairs].
   */
  values(final: Tensor2D, pairs: number): Tensor2D;
  /** The gradient of each pair's metric at its residual stream there: [all pairs, dModel]. */
  gradients(final: Tensor2D): Tensor2D;
  /** The same, as `Transformer.gradients` takes it, times `factor`. */
  finalGradient(factor: number): FinalGradient;
}

/** What tells one metric from another: from rows [n · pairs, dModel] at the last position, pairs varying fastest. */
export interface Reading {
  /** [n, pairs] */
  value(rows: Tensor2D, pairs: number): Tensor2D;
  /** Of rows of all pairs: [pairs, dModel]. */
  gradient(rows: Tensor2D): Tensor2D;
}

/** A metric that reads logits: what the final norm makes of the residual stream after the last block. */
export function afterNorm(model: Transformer, { value, gradient }: Reading): Metric {
  return {
    layers: model.config.nLayers,
    values: (final, pairs) => value(model.finalNorm(final).normalized, pairs),
    gradients: (final) => {
      const norm = model.finalNorm(final);
      return normVjp(model.lnFinal, norm, gradient(norm.normalized));
    },
    finalGradient: (factor) => (normalized) => gradient(normalized).mul(factor),
  };
}

/** A metric that reads the residual stream itself, after `layers` blocks. */
export function beforeNorm(layers: number, { value, gradient }: Reading): Metric {
  return {
    layers,
    values: value,
    gradients: gradient,
    finalGradient: (factor) => ({ residual: (final) => gradient(final).mul(factor) }),
  };
}

/** Where a metric reads the residual stream. */
export function finalHook({ layers }: Metric): HookName {
  return blockHook(layers - 1, 'hook_resid_post');
}
