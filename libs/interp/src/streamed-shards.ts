/**
 * How many pairs of a streamed model run together. Each shard brings the whole model from disk, so they are as large as
 * the memory for activations allows. The numbers do not depend on it beyond the rounding of float32.
 */
import type { ModelConfig } from '@demur/model';
import { pathOf } from './attribution/path.ts';
import type { ResolvedPair } from './dataset/resolved-pair.ts';
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

/** What the methods keep of one pair for all layers: rows of the residual stream, and tensors of their width. */
function keptBytes(spec: ExperimentSpec, pair: ResolvedPair, { nLayers, nHeads, dModel }: ModelConfig): number {
  const { length } = pair.clean;
  const suffix = length - pair.firstDifference;
  const row = 4 * dModel;
  switch (spec.kind) {
    case 'activation-patching': {
      const patches = spec.options.activations.reduce((sum, site) => sum + (site === 'z' ? nHeads : 1), 0);
      return nLayers * suffix * row * (4 + patches);
    }
    case 'attribution': {
      // Differences of all senders, once as parts and once joined (again where pairs or positions are told apart), and the inputs.
      const { bootstrap, perPosition } = spec.options;
      const copies = 2 + (bootstrap > 0 ? 1 : 0) + (perPosition ? 1 : 0);
      return nLayers * suffix * row * (copies * (nHeads + 1) + 1 + pathOf(spec.options).length);
    }
    case 'edge-patching':
      // Differences of all senders, and the inputs.
      return nLayers * suffix * row * (nHeads + 1 + 4);
    default:
      return nLayers * length * row * 8;
  }
}
