/** Runs one shard on a model: the one place where a kind of experiment meets its implementation. */
import type { Transformer } from '@demur/model/engine';
import { activationsShard } from './activations/activations.ts';
import { attributionShard } from './attribution/attribution-shard.ts';
import { patchingShard } from './patching/patching-shard.ts';
import type { Shard, ShardArrays, ShardOptions } from './shard.ts';
import type { ExperimentSpec } from './spec.ts';

/** The arrays of one shard. Leaves no tensor behind, also when it throws. */
export function executeShard(
  model: Transformer,
  spec: ExperimentSpec,
  shard: Shard,
  options: ShardOptions,
): ShardArrays {
  switch (spec.kind) {
    case 'activations':
      return activationsShard(model, spec, shard, options);
    case 'activation-patching':
      return patchingShard(model, spec, shard, options);
    case 'attribution':
      return attributionShard(model, spec, shard, options);
  }
}
