/** Runs one shard on a model: the one place where a kind of experiment meets its implementation. */
import type { Transformer } from '@demur/model/engine';
import { activationsShard } from './activations/activations.ts';
import { attributionShard } from './attribution/attribution-shard.ts';
import { senderMeansShard } from './circuit-runs/sender-means.ts';
import { directionShard, directionTrials } from './direction/direction-shard.ts';
import { circuitOutcome, circuitSearch, discoveryScores } from './discovery/discovery-shard.ts';
import { edgePatchingShard, exactCheckShard } from './edges/edge-patching-shard.ts';
import { circuitEvaluation } from './evaluation/evaluation-shard.ts';
import { generationShard } from './generation/generation-shard.ts';
import { headAveragesShard, headScanShard, headValidationShard } from './head-scan/head-scan-shard.ts';
import { roundsOf } from './kinds/index.ts';
import type { SpecOf } from './kinds/kind.ts';
import { patchingShard } from './patching/patching-shard.ts';
import { withReadings } from './readings.ts';
import type { Shard, ShardArrays, ShardOptions, ShardWork } from './shard.ts';
import type { ExperimentKind, ExperimentSpec } from './spec.ts';
import { steeringShard } from './steering/steering-shard.ts';

type ShardFunction<K extends ExperimentKind> = (
  model: Transformer,
  spec: SpecOf<K>,
  shard: Shard,
  work: ShardWork,
) => Promise<ShardArrays>;

/** What runs a kind's shards; of a kind with several rounds, by the round's name. */
const shardFunctions: { [K in ExperimentKind]: ShardFunction<K> | Record<string, ShardFunction<K>> } = {
  activations: activationsShard,
  'activation-patching': patchingShard,
  attribution: { attribute: attributionShard, check: exactCheckShard },
  'edge-patching': edgePatchingShard,
  'circuit-discovery': {
    mean: senderMeansShard,
    attribute: discoveryScores,
    search: circuitSearch,
    evaluate: circuitOutcome,
  },
  'circuit-evaluation': {
    attribute: discoveryScores,
    mean: senderMeansShard,
    evaluate: circuitEvaluation,
  },
  'head-scan': { scan: headScanShard, average: headAveragesShard, validate: headValidationShard },
  direction: { find: directionShard, try: directionTrials },
  steering: steeringShard,
  generation: generationShard,
};

/** What a shard is given that runs alone, and that nobody listens to. */
const alone: Pick<ShardWork, 'checkpoint' | 'exchange'> = {
  checkpoint: () => undefined,
  exchange: (values) => Promise.resolve([values]),
};

/** The arrays of one shard. Leaves no tensor behind, also when it throws. */
export async function executeShard(
  model: Transformer,
  spec: ExperimentSpec,
  shard: Shard,
  options: ShardOptions,
): Promise<ShardArrays> {
  const own = shardFunctions[spec.kind] as
    ShardFunction<ExperimentKind> | Record<string, ShardFunction<ExperimentKind>>;
  const { round = roundsOf(spec)[0]! } = shard;
  const run = typeof own === 'function' ? own : own[round];
  if (run === undefined) throw new RangeError(`"${round}" is no round of ${spec.kind}`);
  return withReadings((readings) => run(model, spec, shard, { ...alone, ...options, readings }));
}
