/**
 * One shard of a head scan, in its rounds: every head patched alone; what the chosen heads write on average over all pairs; the
 * chosen heads checked together. The first is an activation patching, a direction a direction, and steering a steering: none of
 * them is computed here.
 */
import type { Transformer } from '@demur/model/engine';
import { directionShard } from '../direction/direction-shard.ts';
import { openMetric } from '../metrics/open-metric.ts';
import { patchingShard } from '../patching/patching-shard.ts';
import { nanArray } from '../right-aligned.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { steeringShard } from '../steering/steering-shard.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import { chosenHeads, randomSets } from './chosen-heads.ts';
import type { Arrays, Head, HeadScanSpec } from './chosen-heads.ts';
import { changesOf, meanOfSums, sumsOfZ } from './joint-changes.ts';
import { jointMetrics } from './joint-runs.ts';
import { directionSpec, patchingSpec, STEERED, steeringSpec } from './part-specs.ts';

/** The first round: `patched` [layer, head, pair], the metric with one head's z of the other side; `baseline.*` [pair]. */
export async function headScanShard(
  model: Transformer,
  spec: HeadScanSpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { z, ...baselines } = await patchingShard(model, patchingSpec(spec), shard, work);
  return { patched: z!, ...baselines };
}

/**
 * The second round: `validate.direction` [dModel], the sum over pairs of what the chosen heads add, clean − corrupted; and the
 * sums that a mean ablation needs.
 */
export async function headAveragesShard(
  model: Transformer,
  spec: HeadScanSpec,
  { given, ...shard }: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { heads } = chosenHeads(spec, given as Arrays);
  const { validate } = spec.options;
  if (heads.length === 0) return {};
  const arrays = validate.includes('ablate') ? await sumsOfZ(model, shard, { heads, work }) : {};
  if (!validate.includes('steer')) return arrays;
  const { directions } = await directionShard(model, directionSpec(spec, heads), shard, work);
  return { ...arrays, 'validate.direction': { shape: [model.config.dModel], values: directions!.values } };
}

/**
 * The last round: `validate.patch`, `validate.ablate.mean` and `validate.ablate.zero` [set, pair], the metric with all heads of
 * a set changed, the chosen ones first and then the random sets; `validate.steer.*` [coefficient, pair].
 */
export async function headValidationShard(
  model: Transformer,
  spec: HeadScanSpec,
  { given, ...shard }: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { heads } = chosenHeads(spec, given as Arrays);
  if (heads.length === 0) return {};
  const input = { heads, given: given as Arrays, work };
  const joint = await jointArrays(model, spec, shard, input);
  return spec.options.validate.includes('steer')
    ? { ...joint, ...(await steeredArrays(model, spec, shard, input)) }
    : joint;
}

interface Input {
  heads: Head[];
  given: Arrays;
  work: ShardWork;
}

async function jointArrays(
  model: Transformer,
  spec: HeadScanSpec,
  shard: Shard,
  { heads, given, work }: Input,
): Promise<ShardArrays> {
  const changes = changesOf(spec, meanOfSums(given, heads));
  const names = Object.keys(changes);
  if (names.length === 0) return {};
  const sets = [heads, ...randomSets(spec, heads, model.config)];
  const arrays = Object.fromEntries(names.map((name) => [name, nanArray([sets.length, shard.pairs.length])]));
  const blocks = shardBlocks(shard);
  for (const [i, { pairs, ...block }] of blocks.entries()) {
    const metric = await openMetric(model, spec.metric, { pairs, readings: work.readings });
    const onStep = (done: number, total: number): void => work.onProgress(i * total + done, blocks.length * total);
    const options = { changes: Object.values(changes), sets, metric, work, onStep };
    const found = await jointMetrics(model, { ...block, pairs }, options);
    for (const [at, name] of names.entries())
      for (const [cell, value] of found[at]!.entries()) {
        const [set, { place }] = [Math.floor(cell / pairs.length), pairs[cell % pairs.length]!];
        arrays[name]!.values[set * shard.pairs.length + place] = value;
      }
  }
  return arrays;
}

/** The metric and KL divergence of both prompts, steered towards the other's behaviour by each coefficient. */
async function steeredArrays(
  model: Transformer,
  spec: HeadScanSpec,
  shard: Shard,
  { heads, given, work }: Input,
): Promise<ShardArrays> {
  const arrays: ShardArrays = {};
  const direction = given['validate.direction']!.values;
  for (const way of STEERED) {
    const { metric, kl } = await steeringShard(
      model,
      steeringSpec(spec, { way, heads, direction, config: model.config }),
      shard,
      work,
    );
    Object.assign(arrays, { [`validate.steer.${way}`]: metric, [`validate.steer.${way}.kl`]: kl });
  }
  return arrays;
}
