/**
 * Which scores a shard keeps apart for resampling, and how much of all may be kept. A unit is what is drawn: a pair, or, of
 * graphs and data sets too large for that, as many pairs next to each other in the plan's order as bring it within the room.
 */
import type { ModelConfig } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { buildGraph } from '../graph/graph.ts';
import { SpecError } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';

/** Scores kept apart by unit, at most: 256 MiB. */
const UNIT_SCORES = 2 ** 26;

/** Fewer units than this would tell nothing of the pairs; fewer pairs are units each. */
const LEAST_UNITS = 8;

/** Scores kept apart by position, at most: 128 MiB. */
const POSITION_SCORES = 2 ** 25;

/** Pairs a unit, so that all units' scores fit. Depends on the data set and the graph alone. */
export function pairsPerUnit(pairCount: number, edgeCount: number): number {
  return Math.max(1, Math.ceil(pairCount / Math.max(1, Math.floor(UNIT_SCORES / edgeCount))));
}

/** Throws `SpecError` for scores that would not fit, or too few pairs to resample. Before the first pass. */
export function requireRoom(spec: ExperimentSpec, config: ModelConfig, pairs: readonly ResolvedPair[]): void {
  if (spec.kind !== 'attribution') return;
  const { bootstrap, perPosition, kvHeads } = spec.options;
  if (bootstrap === 0 && !perPosition) return;
  const { senders, receivers, edgeCount } = buildGraph(config, kvHeads);
  const issue = (path: string, message: string): SpecError => new SpecError([{ path: `options.${path}`, message }]);
  if (bootstrap > 0 && pairs.length < 2)
    throw issue(
      'bootstrap',
      `${bootstrap} resamples of one pair are all alike; give two pairs or more, or leave it out`,
    );
  if (
    bootstrap > 0 &&
    Math.ceil(pairs.length / pairsPerUnit(pairs.length, edgeCount)) < Math.min(LEAST_UNITS, pairs.length)
  )
    throw issue(
      'bootstrap',
      `${edgeCount} edges are too many: scores of ${LEAST_UNITS} groups of pairs would take ${mebibytes(LEAST_UNITS * edgeCount)}, and ${mebibytes(UNIT_SCORES)} is the most; use "kvHeads": "native", fewer pairs, or leave it out`,
    );
  const columns = Math.max(...pairs.map(({ clean }) => clean.length));
  const scores = columns * senders.length * receivers.length;
  if (perPosition && scores > POSITION_SCORES)
    throw issue(
      'perPosition',
      `${columns} positions x ${senders.length} senders x ${receivers.length} receivers would take ${mebibytes(scores)}, and ${mebibytes(POSITION_SCORES)} is the most; use "kvHeads": "native", shorter prompts, or leave it out`,
    );
}

function mebibytes(scores: number): string {
  return `${Math.ceil((4 * scores) / 2 ** 20)} MiB`;
}
