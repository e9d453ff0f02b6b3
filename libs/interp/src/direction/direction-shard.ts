/**
 * One shard of a direction experiment, in its two rounds: first the sum of its pairs' differences; then, once the mean over all
 * pairs is known, how far each prompt goes along it, and what it does where a selection is asked for.
 */
import * as tf from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import { nanArray } from '../right-aligned.ts';
import type { NamedArray, Shard, ShardArrays, ShardWork } from '../shard.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { candidateEffects, plainRuns } from './candidate-effects.ts';
import type { BlockEffects, PlainRuns } from './candidate-effects.ts';
import { unit } from './candidate-runs.ts';
import type { Candidate } from './candidate-runs.ts';
import { layersOf, positionList } from './layers.ts';
import type { DirectionExperiment } from './layers.ts';
import { readParts, vectorsOf } from './read-places.ts';

/** The first round, `directions` [layer, position, dModel]: the sum over the shard's pairs of clean − corrupted. */
export async function directionShard(
  model: Transformer,
  spec: DirectionExperiment,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { dModel } = model.config;
  const slots = positionList(spec.options).length;
  const sums = new Float64Array(vectorsOf(spec, model) * slots * dModel);
  await readParts(model, spec, shard, {
    work,
    use: ({ vector, slot, side, weight, isShared }, values) => {
      // Before the first difference the two runs are the same but for rounding, which has no direction.
      if (isShared) return;
      const [from, factor] = [(vector * slots + slot) * dModel, side === 'clean' ? weight : -weight];
      for (let at = 0; at < dModel; at++) sums[from + at]! += factor * values[at]!;
    },
  });
  const layers = layersOf(spec.options, model.config).length;
  const repeats = (layers * slots * dModel) / sums.length;
  const values = Float32Array.from({ length: repeats * sums.length }, (_, at) => sums[at % sums.length]!);
  return { directions: { shape: [layers, slots, dModel], values } };
}

/** The vectors of an array [layer, position, dModel]. */
function vectorsIn({ shape, values }: NamedArray): Float32Array[] {
  const width = shape.at(-1)!;
  return Array.from({ length: values.length / width }, (_, i) => values.subarray(i * width, (i + 1) * width));
}

/**
 * The second round: `projections.clean`, `projections.corrupted` and with a selection `effects.*` [layer, position, pair];
 * `baseline.*` [pair].
 */
export async function directionTrials(
  model: Transformer,
  spec: DirectionExperiment,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const directions = (shard.given as Record<string, NamedArray>)['directions'] as NamedArray;
  const arrays = await projections(model, spec, shard, { directions, work });
  for (const side of ['clean', 'corrupted']) arrays[`baseline.${side}`] = nanArray([shard.pairs.length]);
  const candidates = spec.options.select ? candidatesOf(model, spec, directions) : [];
  const shape = [...directions.shape.slice(0, 2), shard.pairs.length];
  if (spec.options.select) for (const name of EFFECTS) arrays[`effects.${name}`] = nanArray(shape);
  const blocks = shardBlocks(shard);
  for (const [i, block] of blocks.entries()) {
    const onStep = (done: number, total: number): void => work.onProgress(i * total + done, blocks.length * total);
    const plain = await plainRuns(model, block, { spec: spec.metric, work });
    try {
      writeBaselines(arrays, block, plain);
      if (candidates.length > 0)
        writeEffects(arrays, block, await candidateEffects(model, block, { candidates, plain, work, onStep }));
    } finally {
      tf.dispose(plain.resid);
    }
  }
  return arrays;
}

const EFFECTS = ['ablation', 'addition', 'kl'] as const;

function writeBaselines(arrays: ShardArrays, { pairs }: PairBlock, plain: PlainRuns): void {
  for (const side of ['clean', 'corrupted'] as const)
    for (const [i, { place }] of pairs.entries()) arrays[`baseline.${side}`]!.values[place] = plain[side][i]!;
}

function writeEffects(arrays: ShardArrays, { pairs }: PairBlock, found: BlockEffects): void {
  for (const name of EFFECTS) {
    const { shape, values } = arrays[`effects.${name}`]!;
    for (const [candidate, own] of found[name].entries())
      for (const [i, { place }] of pairs.entries()) values[candidate * shape[2]! + place] = own[i]!;
  }
}

/** Every layer and position; of a heads direction the layers after the first have the same values. */
function candidatesOf(model: Transformer, spec: DirectionExperiment, directions: NamedArray): Candidate[] {
  const layers = layersOf(spec.options, model.config);
  const slots = directions.shape[1]!;
  const distinct = vectorsOf(spec, model) * slots;
  return vectorsIn(directions).map((values, i) => {
    const sameAs = i < distinct ? undefined : i % slots;
    return { layer: layers[Math.floor(i / slots)]!, values, sameAs };
  });
}

/** Components along each direction's unit vector; 0 where the direction is zero. */
async function projections(
  model: Transformer,
  spec: DirectionExperiment,
  shard: Shard,
  { directions, work }: { directions: NamedArray; work: ShardWork },
): Promise<ShardArrays> {
  const units = vectorsIn(directions).map((vector) => (vector.some((x) => x !== 0) ? unit(vector) : vector));
  const [layers, slots] = directions.shape as [number, number, number];
  const [pairs, vectors] = [shard.pairs.length, vectorsOf(spec, model)];
  const sums = { clean: new Float64Array(units.length * pairs), corrupted: new Float64Array(units.length * pairs) };
  const use: Parameters<typeof readParts>[3]['use'] = ({ vector, slot, side, place, weight }, values) => {
    const along = units[vector * slots + slot]!.reduce((sum, x, at) => sum + x * values[at]!, 0);
    for (let layer = vector; layer < layers; layer += vectors)
      sums[side][(layer * slots + slot) * pairs + place]! += weight * along;
  };
  await readParts(model, spec, shard, { work, use });
  const array = (values: Float64Array): NamedArray => ({
    shape: [layers, slots, pairs],
    values: Float32Array.from(values),
  });
  return { 'projections.clean': array(sums.clean), 'projections.corrupted': array(sums.corrupted) };
}
