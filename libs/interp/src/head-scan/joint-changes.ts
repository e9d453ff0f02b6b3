/**
 * What chosen heads are changed to when they are checked together, by the names of the arrays that tell the outcome: the other
 * side's z, zero, or the corrupted runs' mean. The sums for that mean are made here as well; not the runs: joint-runs.ts.
 */
import * as tf from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { shardBlocks, suffixLength } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { Arrays, Head, HeadScanSpec } from './chosen-heads.ts';
import type { JointChange } from './joint-runs.ts';

/** The layers that have some of the heads, ascending. */
export function layersWith(heads: readonly Head[]): number[] {
  return [...new Set(heads.map(({ layer }) => layer))].sort((a, b) => a - b);
}

/** The changes that a spec's checks ask for, by the names of their arrays. */
export function changesOf(
  { options: { direction, position, validate } }: HeadScanSpec,
  mean: JointChange['value'],
): Record<string, JointChange> {
  const [source, side] =
    direction === 'denoising' ? (['clean', 'corrupted'] as const) : (['corrupted', 'clean'] as const);
  const changes: Record<string, JointChange> = {};
  if (validate.includes('patch')) changes['validate.patch'] = { side, position, value: (_, z) => z[source] };
  if (validate.includes('ablate')) {
    changes['validate.ablate.mean'] = { side: 'clean', position, value: mean };
    changes['validate.ablate.zero'] = { side: 'clean', position, value: (_, z) => tf.zerosLike(z.clean) };
  }
  return changes;
}

/**
 * Sums over pairs of the corrupted runs' z from each pair's first difference on: `average.z` [layer, column, nHeads · dHead],
 * of the layers that have the heads, and `average.count` [column], how many pairs they are of.
 */
export async function sumsOfZ(
  model: Transformer,
  shard: Shard,
  { heads, work }: { heads: readonly Head[]; work: ShardWork },
): Promise<ShardArrays> {
  const layers = layersWith(heads);
  const width = model.config.nHeads * model.config.dHead;
  const sums = new Float64Array(layers.length * shard.columns * width);
  const count = new Float32Array(shard.columns);
  for (const block of shardBlocks(shard)) {
    const [pairs, first] = [block.pairs.length, shard.columns - suffixLength(block)];
    for (let column = first; column < shard.columns; column++) count[column]! += pairs;
    const add = (at: number, z: Float32Array): void => {
      const into = (at * shard.columns + first) * width;
      for (const [i, value] of z.entries())
        sums[into + Math.floor(i / (pairs * width)) * width + (i % width)]! += value;
    };
    tf.tidy(() => {
      runPairs(model, block, {
        ...{ cancel: work.cancel, layers: layers.at(-1)! + 1 },
        onLayer: (view) => {
          const at = layers.indexOf(view.layer);
          if (at >= 0) work.readings.read(view.rows(view.trace.z, 'corrupted'), (z) => add(at, z));
        },
      });
    });
    await work.readings.settle();
  }
  return {
    'average.z': { shape: [layers.length, shard.columns, width], values: Float32Array.from(sums) },
    'average.count': { shape: [shard.columns], values: count },
  };
}

/** From the merged sums of `sumsOfZ` to the mean at each position of a block's suffix. */
export function meanOfSums(given: Arrays, heads: readonly Head[]): JointChange['value'] {
  const layers = layersWith(heads);
  return (layer, _, block) => {
    const { shape, values } = given['average.z']!;
    const count = given['average.count']!.values;
    const [, columns, width] = shape as [number, number, number];
    const positions = suffixLength(block);
    const first = columns - positions;
    const from = (layers.indexOf(layer) * columns + first) * width;
    const means = values
      .slice(from, from + positions * width)
      .map((sum, i) => sum / Math.max(1, count[first + Math.floor(i / width)]!));
    return tf.tensor2d(means, [positions, width]);
  };
}
