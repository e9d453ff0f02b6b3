/** Kinds whose shards need what all shards have found before: they run in rounds, each given the merged arrays so far. */
import type { ExperimentSpec } from './spec.ts';

/**
 * How often each shard runs. A direction is the mean over all pairs first; what it does to each of them comes second. A check
 * of an attribution patches the edges that its scores choose.
 */
export function roundsOf(spec: ExperimentSpec): number {
  const hasCheck = spec.kind === 'attribution' && spec.options.checkExact > 0;
  return spec.kind === 'direction' || hasCheck ? 2 : 1;
}
