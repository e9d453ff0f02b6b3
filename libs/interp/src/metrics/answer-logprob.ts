/** log p(answer): the answer's logit less log Σ exp(logit) over the whole vocabulary. */
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { pairLogits, restLogits } from './logits.ts';
import { afterNorm } from './metric.ts';
import type { Metric } from './metric.ts';

export function answerLogProb(model: Transformer, pairs: readonly { pair: Pick<ResolvedPair, 'answer'> }[]): Metric {
  const answer = pairLogits(
    model,
    pairs.map(({ pair }) => pair.answer),
  );
  const all = restLogits(model);
  return afterNorm(model, {
    value: (normalized, count) => answer.value(normalized, count).sub(all.value(normalized).reshape([-1, count])),
    gradient: (normalized) => answer.gradient(normalized).sub(all.gradient(normalized)),
  });
}
