/**
 * What a run is judged by, at the last position. The logit difference answer − distractor reads two rows of W_U: in the
 * normalized final residual stream n it is n · (W_U[answer] − W_U[distractor]), or cap(n · W_U[answer]) −
 * cap(n · W_U[distractor]) where the model caps its logits.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { softcap, softcapVjp } from '@demur/model/engine';
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
  const answers = (of: typeof pairs): Tensor2D => model.unembeddingRows(of.map(({ pair }) => pair.answer));
  const distractors = (of: typeof pairs): Tensor2D => model.unembeddingRows(of.map(({ pair }) => pair.distractor));
  const logits = (normalized: Tensor2D, rows: Tensor2D): Tensor2D =>
    normalized
      .reshape([-1, rows.shape[0], rows.shape[1] as number])
      .mul(rows)
      .sum(-1);
  const { logitSoftcap: cap } = model.config;
  if (cap === null) {
    const difference = (of: typeof pairs): Tensor2D => answers(of).sub(distractors(of));
    return {
      value: (normalized, count) => logits(normalized, difference(pairs.slice(0, count))),
      gradient: () => difference(pairs),
    };
  }
  const capped = (normalized: Tensor2D, rows: Tensor2D): Tensor2D => softcap(logits(normalized, rows), cap);
  /** Of the capped logits of one token a pair, at n: the slope of the cap times the token's row. */
  const gradient = (normalized: Tensor2D, rows: Tensor2D): Tensor => {
    const logit = capped(normalized, rows);
    return softcapVjp(logit, tf.onesLike(logit), cap).transpose().mul(rows);
  };
  return {
    value: (normalized, count) => {
      const of = pairs.slice(0, count);
      return capped(normalized, answers(of)).sub(capped(normalized, distractors(of)));
    },
    gradient: (normalized) => gradient(normalized, answers(pairs)).sub(gradient(normalized, distractors(pairs))),
  };
}
