/**
 * How many pairs of a streamed model run together. Each shard brings the whole model from disk, so they are as large as
 * the memory for activations allows. The numbers do not depend on it beyond the rounding of float32.
 */
import type { ModelConfig } from '@demur/model';
import type { ResolvedPair } from './dataset/resolved-pair.ts';
import { kindOf } from './kinds/index.ts';
import type { ExperimentSpec } from './spec.ts';

/** Beyond this many pairs the disk is no longer what a pass waits for. */
const MOST_PAIRS = 64;

/** Part of the memory for activations that may be kept from layer to layer; the rest is for what a layer makes. */
const KEPT_SHARE = 1 / 2;

/** Pairs a shard of a model whose activations may take `activationBytes`. */
export function pairsPerStreamedShard(
  spec: ExperimentSpec,
  pairs: readonly ResolvedPair[],
  { config, activationBytes }: { config: ModelConfig; activationBytes: number },
): number {
  const perPair = Math.max(...pairs.map((pair) => keptBytes(spec, pair, config)));
  return Math.max(1, Math.min(MOST_PAIRS, Math.floor((activationBytes * KEPT_SHARE) / perPair)));
}

/** Of a kind that does not say: some rows of every layer. */
function keptBytes(spec: ExperimentSpec, pair: ResolvedPair, config: ModelConfig): number {
  const plain = config.nLayers * pair.clean.length * 4 * config.dModel * 8;
  return kindOf(spec).keptBytes?.(spec, pair, config) ?? plain;
}
