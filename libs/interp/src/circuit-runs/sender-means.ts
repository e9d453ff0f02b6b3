/**
 * What senders write on average, for edges that carry a mean: of each sender one vector, its mean over the positions of a
 * pair's corrupted prompt, then over all pairs, each counting alike whatever its length (as the EAP-IG package's `mean` means
 * to; its code averages over senders as well, and looks at the last position alone).
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import type { NamedArray } from '../named-array.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import type { Ablation, SenderMeans } from './ablated-runs.ts';

/** The arrays of a round, by what they are means of. */
const NAMES: Record<keyof SenderMeans, string> = { input: 'mean.input', z: 'mean.z', mlpOut: 'mean.mlp_out' };

/** Round `mean`: `mean.input` [dModel], `mean.z` [layer, nHeads · dHead] and `mean.mlp_out` [layer, dModel], summed over the shard's pairs. */
export async function senderMeansShard(
  model: Transformer,
  shard: Pick<Shard, 'pairs'>,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { nLayers, nHeads, dHead, dModel } = model.config;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const hooks: Record<keyof SenderMeans, HookName[]> = {
    input: [blockHook(0, 'hook_resid_pre')],
    z: layers.map((layer) => blockHook(layer, 'attn.hook_z')),
    mlpOut: layers.map((layer) => blockHook(layer, 'hook_mlp_out')),
  };
  const capture = Object.values(hooks).flat();
  const sums = new Map<HookName, Float64Array>();
  const blocks = pairBlocks(shard.pairs.map(({ pair }, place) => ({ place, pair })));
  for (const [i, { pairs }] of blocks.entries()) {
    cancel.throwIfCancelled();
    onProgress(i, blocks.length);
    const tokens = pairs.map(({ pair }) => pair.corrupted);
    const { activations, dispose } = model.forward(tokens, { capture, logitsAt: 'none' });
    try {
      for (const [name, activation] of activations) readMeans(name, activation);
    } finally {
      dispose();
    }
  }
  await readings.settle();
  return {
    [NAMES.input]: joined(hooks.input, [dModel]),
    [NAMES.z]: joined(hooks.z, [nLayers, nHeads * dHead]),
    [NAMES.mlpOut]: joined(hooks.mlpOut, [nLayers, dModel]),
  };

  /** Adds each pair's mean over positions of [pair, position, ...]. */
  function readMeans(name: HookName, activation: Tensor): void {
    const mean = tf.tidy(() => activation.mean(1));
    readings.read(mean, (values) => {
      const width = values.length / activation.shape[0]!;
      const sum = sums.get(name) ?? new Float64Array(width);
      for (const [at, value] of values.entries()) sum[at % width]! += value;
      sums.set(name, sum);
    });
    mean.dispose();
  }

  function joined(names: readonly HookName[], shape: number[]): NamedArray {
    return { shape, values: Float32Array.from(names.flatMap((name) => [...sums.get(name)!])) };
  }
}

/** Whether an array of a circuit's rounds is a mean of senders. */
export function isSenderMean(name: string): boolean {
  return Object.values(NAMES).includes(name);
}

/** What edges outside of a circuit carry, of what the round `mean` has given where that is means. */
export function ablationOf(kind: 'corrupted' | 'zero' | 'mean', given: Readonly<Record<string, NamedArray>>): Ablation {
  if (kind !== 'mean') return kind;
  return { input: given[NAMES.input]!, z: given[NAMES.z]!, mlpOut: given[NAMES.mlpOut]! };
}
