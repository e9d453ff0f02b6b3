/**
 * Padding invariance as a user meets it: the activations experiment over pairs of different lengths, whose arrays are
 * aligned to the right, against the same experiment on each pair alone.
 */
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { executeShard } from '../execute-shard.ts';
import type { NamedArray } from '../named-array.ts';
import { parseSpec, type ExperimentSpec } from '../spec.ts';
import type { Shard, ShardArrays } from '../shard.ts';
import type { Measuring } from './measuring.ts';
import { sampleLayers } from './pass-values.ts';

export async function batching(measuring: Measuring): Promise<void> {
  const { model, pairs, comparison, cancel, onProgress } = measuring;
  const spec = specOf(model.config.nLayers);
  const run = (some: readonly ResolvedPair[]) =>
    executeShard(model, spec, shardOf(some, pairs.length), { cancel, onProgress: () => undefined });
  const together = await run(pairs);
  const columns = Math.max(...pairs.map(({ clean }) => clean.length));
  for (const [place, pair] of pairs.entries()) {
    onProgress(place, pairs.length);
    const alone = await run([pair]);
    for (const [name, array] of Object.entries(alone))
      comparison.add(name, ...aligned(array, together, { name, place, columns, length: pair.clean.length }));
  }
}

function specOf(nLayers: number): ExperimentSpec {
  const layers = sampleLayers(nLayers);
  const names = layers.flatMap((layer) => [`blocks.${layer}.hook_resid_pre`, `blocks.${layer}.attn.hook_z`]);
  return parseSpec({
    kind: 'activations',
    model: 'the checked model',
    pairs: 'the pairs of the check',
    options: { names, logits: 'last', gradients: true },
  });
}

/** All in one shard, whatever their number: what is compared is one pass of many lengths. */
function shardOf(pairs: readonly ResolvedPair[], pairCount: number): Shard {
  const columns = Math.max(...pairs.map(({ clean }) => clean.length));
  return { index: 0, pairs: pairs.map((pair, index) => ({ index, pair })), columns, pairCount };
}

/** A pair's values in the whole's array, and alone; in the whole's first columns there must be no value at all. */
function aligned(
  alone: NamedArray,
  together: ShardArrays,
  at: { name: string; place: number; columns: number; length: number },
): [Float32Array, Float32Array] {
  const whole = together[at.name]!;
  const size = whole.values.length / (whole.shape[0] as number);
  const own = whole.values.subarray(at.place * size, (at.place + 1) * size);
  const missing = hasColumns(whole, at.columns) ? (size / at.columns) * (at.columns - at.length) : 0;
  if (own.subarray(0, missing).some((value) => !Number.isNaN(value)))
    throw new RangeError(`${at.name} of pair ${at.place} has values where the pair has no token`);
  return [own.subarray(missing), alone.values];
}

/** Whether the axis after the pairs is one over positions. */
function hasColumns({ shape }: NamedArray, columns: number): boolean {
  return shape.length > 2 && shape[1] === columns;
}
