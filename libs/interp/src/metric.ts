/**
 * What a run is judged by, at the last position. The logit difference answer − distractor is linear in the normalized
 * final residual stream: n · (W_U[answer] − W_U[distractor]), so only two rows of W_U are ever read.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from './dataset/resolved-pair.ts';

/** A metric of the pairs of a block. Frees nothing itself: call within `tf.tidy`, or dispose. */
export interface Metric {
  /** Normalized final residual streams [n · pairs, dModel] of the first `pairs` pairs, varying fastest → [n, pairs]. */
  value(normalized: Tensor2D, pairs: number): Tensor2D;
  /** The gradient of each pair's metric at its normalized final residual stream: [all pairs, dModel]. */
  gradient(normalized: Tensor2D): Tensor2D;
}

/** logit(answer) − logit(distractor) of each pair, in their order. */
export function logitDifference(
  model: Transformer,
  pairs: readonly { pair: Pick<ResolvedPair, 'answer' | 'distractor'> }[],
): Metric {
  const difference = (of: typeof pairs): Tensor2D =>
    tf.sub(
      model.unembeddingRows(of.map(({ pair }) => pair.answer)),
      model.unembeddingRows(of.map(({ pair }) => pair.distractor)),
    );
  return {
    value: (normalized, count) =>
      normalized
        .reshape([-1, count, normalized.shape[1]])
        .mul(difference(pairs.slice(0, count)))
        .sum(-1),
    gradient: () => difference(pairs),
  };
}
