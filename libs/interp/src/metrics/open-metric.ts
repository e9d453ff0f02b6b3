/** From the metric that a spec names to the metric of some pairs: the table of metrics. */
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { Readings } from '../readings.ts';
import type { DirectionSpec } from '../spec/direction.ts';
import type { MetricSpec } from '../spec/metric.ts';
import { answerLogProb } from './answer-logprob.ts';
import { klDivergence } from './kl-divergence.ts';
import { logitDifference } from './logit-difference.ts';
import type { Metric } from './metric.ts';
import { projection } from './projection.ts';
import { refusalLogOdds } from './refusal-log-odds.ts';
import type { TokenSets } from './refusal-log-odds.ts';

/** Pairs in the order in which their rows will be given. */
export type MetricPairs = readonly { pair: Pick<ResolvedPair, 'clean' | 'answer' | 'distractor'> }[];

/**
 * Call it outside of any tidy: a KL divergence runs the clean prompts first, and reads what they give.
 * @param spec of a prepared experiment: tokens by id, directions by value.
 */
export async function openMetric(
  model: Transformer,
  spec: MetricSpec,
  { pairs, readings }: { pairs: MetricPairs; readings: Readings },
): Promise<Metric> {
  if (typeof spec === 'object') {
    if ('refusalLogOdds' in spec) return refusalLogOdds(model, spec.refusalLogOdds as TokenSets);
    return projection(valuesOf(spec.projection), spec.layer === undefined ? model.config.nLayers : spec.layer + 1);
  }
  switch (spec) {
    case 'logit-difference':
      return logitDifference(model, pairs);
    case 'answer-logprob':
      return answerLogProb(model, pairs);
    case 'kl-divergence':
      return klDivergence(model, pairs, readings);
  }
}

function valuesOf(direction: DirectionSpec): readonly number[] {
  if ('values' in direction) return direction.values;
  throw new Error('a direction was not read');
}
