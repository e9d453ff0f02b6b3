// What can be told of a model's speed without loading it: how fast its weights come from disk, and one block of its shape
// with made-up weights, for a worker to time. Never for results.

import type { PlannedWeight } from '../families/family.ts';
import type { ModelConfig } from '../config.ts';
import { loadWeights } from './load-weights.ts';
import { isOfBlock, layerOf } from './residency.ts';
import type { TensorEntries } from './tensor-entry.ts';
import { allocateWeightStore, elementCount } from './weight-store.ts';
import type { WeightStore } from './weight-store.ts';

/** Bytes of float32 that are read to see how fast that is; a larger tensor is read whole. */
const READ_BYTES = 2 ** 25;

/** Part of them that goes by before the clock starts: the first ones are slower. */
const WARM_UP = 1 / 4;

/** Bytes of float32 weights that come from disk in a second, decoded: of some weights of the first block. */
export async function readingSpeed(plan: readonly PlannedWeight[], entries: TensorEntries): Promise<number> {
  let bytes = 0;
  const some = plan.filter(isOfBlock).filter(({ shape }) => {
    const isWanted = bytes < READ_BYTES;
    if (isWanted) bytes += 4 * elementCount(shape);
    return isWanted;
  });
  let start = { at: performance.now(), fraction: 0 };
  await loadWeights(some, entries, {
    onProgress: (fraction) => {
      if (start.fraction === 0 && fraction >= WARM_UP && fraction < 1) start = { at: performance.now(), fraction };
    },
  });
  return (bytes * (1 - start.fraction)) / ((performance.now() - start.at) / 1000);
}

/** A model of one block, the first one's shape, and the final norm: there is nothing that it could embed or predict. */
export function sampleModel(
  config: ModelConfig,
  plan: readonly PlannedWeight[],
): { config: ModelConfig; weights: WeightStore } {
  const own = plan.filter((weight) => (isOfBlock(weight) ? layerOf(weight.name) === 0 : weight.name.startsWith('ln_')));
  const weights = allocateWeightStore(own);
  fill(new Float32Array(weights.buffer));
  return { config: { ...config, nLayers: 1 }, weights };
}

/** Numbers made at a time; then they are copied. */
const MADE = 2 ** 16;

/** Small numbers of both signs, none so small that arithmetic slows down. */
function fill(values: Float32Array): void {
  const made = Math.min(MADE, values.length);
  for (let at = 0; at < made; at++) values[at] = 0.02 * Math.sin(at + 1);
  for (let at = made; at < values.length; at *= 2) values.copyWithin(at, 0, Math.min(at, values.length - at));
}
