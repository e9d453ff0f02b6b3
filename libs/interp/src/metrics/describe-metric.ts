/** A metric in words: for records, pages and messages. */
import type { DirectionSpec } from '../spec/direction.ts';
import type { MetricSpec } from '../spec/metric.ts';

/** What a metric is called in a sentence: "logit difference". */
export function metricLabel(metric: MetricSpec): string {
  if (typeof metric === 'string') return labels[metric];
  if ('refusalLogOdds' in metric) return 'log odds of refusal';
  const at = metric.layer === undefined ? '' : ` after layer ${metric.layer}`;
  return `projection on ${directionLabel(metric.projection)}${at}`;
}

const labels = {
  'logit-difference': 'logit difference',
  'answer-logprob': 'log probability of the answer',
  'kl-divergence': 'KL divergence from the clean run',
};

function directionLabel(direction: DirectionSpec): string {
  if ('slug' in direction) return `"${direction.slug}"`;
  return 'file' in direction ? `"${direction.name}"` : 'the direction';
}

/** What a metric computes, as records say it. */
export function metricMeaning(metric: MetricSpec): string {
  if (typeof metric === 'string') return `${meanings[metric]} at the last position`;
  if ('refusalLogOdds' in metric)
    return metric.refusalLogOdds.comply === undefined
      ? 'log p(refuse) - log (1 - p(refuse)) at the last position, p summed over the tokens of refusing'
      : 'log p(refuse) - log p(comply) at the last position, each summed over its tokens';
  const block = metric.layer === undefined ? 'the last block' : `the block of layer ${metric.layer}`;
  return `residual stream . direction at the last position, after ${block} and before any norm; the direction as it is, not normalised`;
}

const meanings = {
  'logit-difference': 'logit(answer) - logit(distractor)',
  'answer-logprob': 'log p(answer), natural logarithm,',
  'kl-divergence':
    'KL(clean run || run) = sum over the vocabulary of p_clean (log p_clean - log p_run), natural logarithm,',
};
