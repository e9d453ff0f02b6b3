/** Runs one shard on a model: the one place where a kind of experiment meets its implementation. */
import type { Transformer } from '@demur/model/engine';
import { activationsShard } from './activations/activations.ts';
import { attributionShard } from './attribution/attribution-shard.ts';
import { directionShard } from './direction/direction-shard.ts';
import { edgePatchingShard, exactCheckShard } from './edges/edge-patching-shard.ts';
import { generationShard } from './generation/generation-shard.ts';
import { patchingShard } from './patching/patching-shard.ts';
import { withReadings } from './readings.ts';
import type { Shard, ShardArrays, ShardOptions, ShardWork } from './shard.ts';
import type { ExperimentSpec } from './spec.ts';
import { steeringShard } from './steering/steering-shard.ts';

/** The arrays of one shard. Leaves no tensor behind, also when it throws. */
export async function executeShard(
  model: Transformer,
  spec: ExperimentSpec,
  shard: Shard,
  options: ShardOptions,
): Promise<ShardArrays> {
  return withReadings((readings) => shardOf(model, spec, shard, { ...options, readings }));
}

async function shardOf(model: Transformer, spec: ExperimentSpec, shard: Shard, work: ShardWork): Promise<ShardArrays> {
  switch (spec.kind) {
    case 'activations':
      return activationsShard(model, spec, shard, work);
    case 'activation-patching':
      return patchingShard(model, spec, shard, work);
    case 'attribution':
      return (shard.given ? exactCheckShard : attributionShard)(model, spec, shard, work);
    case 'edge-patching':
      return edgePatchingShard(model, spec, shard, work);
    case 'direction':
      return directionShard(model, spec, shard, work);
    case 'steering':
      return steeringShard(model, spec, shard, work);
    case 'generation':
      return generationShard(model, spec, shard, work);
  }
}
