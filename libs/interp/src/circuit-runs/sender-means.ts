/**
 * What senders write on average, for edges that carry a mean: of each sender one vector, its mean over the positions of a
 * pair's corrupted prompt, then over all pairs, each counting alike whatever its length (as the EAP-IG package's `mean` means
 * to; its code averages over senders as well, and looks at the last position alone).
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import { SENDER_MEANS } from './ablation.ts';

/** Round `mean`: `mean.input` [dModel], `mean.z` [layer, nHeads · dHead] and `mean.mlp_out` [layer, dModel], summed over the shard's pairs. */
export async function senderMeansShard(
  model: Transformer,
  _spec: unknown,
  shard: Pick<Shard, 'pairs'>,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { nLayers, nHeads, dHead, dModel } = model.config;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const sums = [
    { name: SENDER_MEANS.input, shape: [dModel], hooks: [blockHook(0, 'hook_resid_pre')] },
    { name: SENDER_MEANS.z, shape: [nLayers, nHeads * dHead], hooks: layers.map((l) => blockHook(l, 'attn.hook_z')) },
    { name: SENDER_MEANS.mlpOut, shape: [nLayers, dModel], hooks: layers.map((l) => blockHook(l, 'hook_mlp_out')) },
  ].map((of) => ({ ...of, values: new Float64Array(of.shape.reduce((a, b) => a * b)) }));
  const blocks = shardBlocks(shard);
  for (const [i, { pairs }] of blocks.entries()) {
    cancel.throwIfCancelled();
    onProgress(i, blocks.length);
    const tokens = pairs.map(({ pair }) => pair.corrupted);
    const means = activationMeans(
      model,
      tokens,
      sums.flatMap(({ hooks }) => hooks),
    );
    for (const { hooks, values } of sums)
      for (const [layer, hook] of hooks.entries())
        readings.read(means.get(hook) as tf.Tensor, (of) => addRows(of, values, { layer, layers: hooks.length }));
    tf.dispose([...means.values()]);
  }
  await readings.settle();
  return Object.fromEntries(
    sums.map(({ name, shape, values }) => [name, { shape, values: Float32Array.from(values) }]),
  );
}

/** Each activation's means over positions: [pairs, ...]. */
function activationMeans(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  capture: readonly HookName[],
): Map<HookName, tf.Tensor> {
  const { activations, dispose } = model.forward(tokens, { capture, logitsAt: 'none' });
  try {
    return new Map([...activations].map(([name, activation]) => [name, tf.tidy(() => activation.mean(1))]));
  } finally {
    dispose();
  }
}

/** Adds the sum of a matrix's rows to the stretch of `sums` that is a layer's. */
function addRows(matrix: Float32Array, sums: Float64Array, { layer, layers }: { layer: number; layers: number }): void {
  const width = sums.length / layers;
  for (const [at, value] of matrix.entries()) sums[layer * width + (at % width)]! += value;
}
