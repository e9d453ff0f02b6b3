/**
 * Log odds of refusing, by the first token. Against tokens of complying: log Σ p(refuse) − log Σ p(comply), in which the
 * sum over the vocabulary cancels, so that a few rows of W_U do. Without those: log Σ p(refuse) − log(1 − Σ p(refuse)),
 * the refusal metric of Arditi et al. 2024 (arXiv 2406.11717, 2.3), whose code adds 1e-8 to both probabilities; here the
 * second is the sum over all other tokens, and needs none.
 */
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import { restLogits, setLogits } from './logits.ts';
import { afterNorm } from './metric.ts';
import type { Metric } from './metric.ts';

export interface TokenSets {
  refuse: number[];
  /** All other tokens unless given. */
  comply?: number[];
}

export function refusalLogOdds(model: Transformer, { refuse, comply }: TokenSets): Metric {
  const refusing = setLogits(model, refuse);
  const others = comply === undefined ? restLogits(model, refuse) : setLogits(model, comply);
  return afterNorm(model, {
    value: (normalized, pairs) =>
      refusing.value(normalized).sub(others.value(normalized)).reshape<Tensor2D>([-1, pairs]),
    gradient: (normalized) => refusing.gradient(normalized).sub(others.gradient(normalized)),
  });
}
