/** logit(answer) − logit(distractor) of each pair: two rows of W_U. */
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { pairLogits } from './logits.ts';
import { afterNorm } from './metric.ts';
import type { Metric } from './metric.ts';

export function logitDifference(
  model: Transformer,
  pairs: readonly { pair: Pick<ResolvedPair, 'answer' | 'distractor'> }[],
): Metric {
  const answer = pairLogits(
    model,
    pairs.map(({ pair }) => pair.answer),
  );
  const distractor = pairLogits(
    model,
    pairs.map(({ pair }) => pair.distractor),
  );
  return afterNorm(model, {
    value: (normalized, count) => answer.value(normalized, count).sub(distractor.value(normalized, count)),
    gradient: (normalized) => answer.gradient(normalized).sub(distractor.gradient(normalized)),
  });
}
