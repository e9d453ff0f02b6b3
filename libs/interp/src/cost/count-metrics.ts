/** What metrics cost: the logits that they read, and the clean prompts that a KL divergence runs first. */
import type { ModelConfig } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { MetricSpec } from '../spec/metric.ts';
import { countForward } from './count-forward.ts';
import type { PlannedModel, WorkCount } from './work-count.ts';

/** Blocks after which a metric reads the residual stream. */
export function metricLayers(metric: MetricSpec, { nLayers }: ModelConfig): number {
  if (typeof metric === 'string' || !('projection' in metric)) return nLayers;
  return metric.layer === undefined ? nLayers : metric.layer + 1;
}

/** Whether it reads the logits of all tokens: others read rows of the unembedding, or none. */
export function readsAllLogits(metric: MetricSpec): boolean {
  if (typeof metric === 'string') return metric !== 'logit-difference';
  return 'refusalLogOdds' in metric && metric.refusalLogOdds.comply === undefined;
}

/** Bytes of logits at a time, as metrics/logits.ts has it. */
const CHUNK_BYTES = 32 * 2 ** 20;

/** Values, or gradients, of a metric for rows at the last position. */
export function countMetric(
  count: WorkCount,
  metric: MetricSpec,
  rows: number,
  { config, activationBytes }: PlannedModel,
) {
  if (!readsAllLogits(metric) || rows === 0) return;
  const most = Math.max(1, Math.floor(Math.min(CHUNK_BYTES, activationBytes / 8) / (4 * config.dVocab)));
  count.needs(4 * 4 * Math.min(rows, most) * config.dVocab);
  for (let first = 0; first < rows; first += most) count.unembed(Math.min(most, rows - first));
}

/** Opening a metric of some pairs. */
export function countOpening(
  count: WorkCount,
  metric: MetricSpec,
  pairs: readonly Pick<ResolvedPair, 'clean'>[],
  model: PlannedModel,
): void {
  if (metric === 'kl-divergence') countCleanRuns(count, pairs, model);
}

/** The logits after each pair's clean prompt, by length. */
export function countCleanRuns(
  count: WorkCount,
  pairs: readonly Pick<ResolvedPair, 'clean'>[],
  { config }: PlannedModel,
): void {
  for (const [length, { length: cells }] of Map.groupBy(pairs, ({ clean }) => clean.length)) {
    countForward(count, { cells, length }, config);
    count.unembed(cells);
    count.needs(4 * 3 * cells * config.dVocab);
  }
  count.hold(4 * pairs.length * config.dVocab);
}
