/** logit(answer) − logit(distractor) of each pair: two rows of W_U, or without a soft cap the one that is their difference. */
import type { Tensor2D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { pairLogits, rowProducts } from './logits.ts';
import { afterNorm } from './metric.ts';
import type { Metric } from './metric.ts';

export function logitDifference(
  model: Transformer,
  pairs: readonly { pair: Pick<ResolvedPair, 'answer' | 'distractor'> }[],
): Metric {
  const answers = pairs.map(({ pair }) => pair.answer);
  const distractors = pairs.map(({ pair }) => pair.distractor);
  if (model.config.logitSoftcap === null) {
    const rows = (count: number): Tensor2D =>
      model.unembeddingRows(answers.slice(0, count)).sub(model.unembeddingRows(distractors.slice(0, count)));
    return afterNorm(model, {
      value: (normalized, count) => rowProducts(normalized, rows(count)),
      gradient: () => rows(pairs.length),
    });
  }
  const [answer, distractor] = [pairLogits(model, answers), pairLogits(model, distractors)];
  return afterNorm(model, {
    value: (normalized, count) => answer.value(normalized, count).sub(distractor.value(normalized, count)),
    gradient: (normalized) => answer.gradient(normalized).sub(distractor.gradient(normalized)),
  });
}
