/** Checks of the engine of pairs: runs from the first difference on, and exact patches, against whole forward passes. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor3D } from '@tensorflow/tfjs';
import type { HookName } from '@demur/model';
import type { Hook, Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { executeShard } from '../execute-shard.ts';
import { withReadings } from '../readings.ts';
import { parseSpec } from '../spec.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import { runPairs, type Side } from '../suffix/pair-runs.ts';
import type { Measuring } from './measuring.ts';
import { lastResidual, passValues, positionsOf, sampleLayers } from './pass-values.ts';

const SIDES: readonly Side[] = ['clean', 'corrupted'];
const SITES = ['resid_pre', 'attn_out', 'mlp_out'] as const;

/** Two pairs of one length, run together from their first difference on; then some exact patches of one of them. */
export async function suffix(measuring: Measuring): Promise<void> {
  const pairs = measuring.pairs.slice(2, 4);
  await runsOfPairs(measuring, pairs);
  await patches(measuring, pairs[0]!);
}

async function runsOfPairs({ model, comparison, cancel }: Measuring, pairs: ResolvedPair[]): Promise<void> {
  const block = pairBlocks(pairs.map((pair, place) => ({ place, pair })))[0]!;
  const rows = await withReadings((readings) => {
    const found: Partial<Record<Side, Float32Array>> = {};
    tf.tidy(() => {
      const { final } = runPairs(model, block, { cancel, onLayer: () => null });
      for (const side of SIDES) readings.read(final[side], (values) => (found[side] = values.slice()));
    });
    return found;
  });
  const name = lastResidual(model.config.nLayers);
  for (const side of SIDES)
    for (const [cell, { pair }] of block.pairs.entries()) {
      const whole = await passValues(model, [pair[side]], { capture: [name], logitsAt: 'none' });
      const wanted = positionsOf(whole.at(name), block.prefixLength, block.length);
      const at = { cell, cells: pairs.length, dModel: model.config.dModel };
      comparison.add(`${side} ${name}`, rowsOfCell(rows[side]!, at), wanted);
    }
}

/** The rows of one sequence among position-major rows [position · cells, dModel]. */
function rowsOfCell(rows: Float32Array, { cell, cells, dModel }: { cell: number; cells: number; dModel: number }) {
  const positions = rows.length / dModel / cells;
  const own = new Float32Array(positions * dModel);
  for (let position = 0; position < positions; position++) {
    const row = position * cells + cell;
    own.set(rows.subarray(row * dModel, (row + 1) * dModel), position * dModel);
  }
  return own;
}

/** Clean activations at the first difference, written into the corrupted run at a few layers. */
async function patches({ model, comparison, cancel }: Measuring, pair: ResolvedPair): Promise<void> {
  const spec = parseSpec({
    kind: 'activation-patching',
    model: 'the checked model',
    pairs: 'the pairs of the check',
    options: { activations: [...SITES], positions: [pair.firstDifference] },
  });
  const shard = { index: 0, pairs: [{ index: 0, pair }], columns: pair.clean.length, pairCount: 1 };
  const grids = await executeShard(model, spec, shard, { cancel, onProgress: () => undefined });
  for (const site of SITES) {
    const [part, measure] = [`patched ${site}`, { difference: 0, scale: 0 }];
    for (const layer of sampleLayers(model.config.nLayers)) {
      const { metric, scale } = await patchedRun(model, pair, `blocks.${layer}.hook_${site}`);
      const off = Math.abs(grids[site]!.values[layer]! - metric);
      measure.difference = off > measure.difference || Number.isNaN(off) ? off : measure.difference;
      measure.scale = Math.max(measure.scale, scale);
    }
    comparison.put(part, measure);
  }
}

/** The whole corrupted run with one activation replaced: its metric, and the greatest logit that it is a difference of. */
async function patchedRun(
  model: Transformer,
  { clean, corrupted, answer, distractor, firstDifference: at }: ResolvedPair,
  name: HookName,
): Promise<{ metric: number; scale: number }> {
  const source = model.forward([clean], { capture: [name], logitsAt: 'none' });
  try {
    const patch = source.activations.get(name) as Tensor3D;
    const replace: Hook = (own) =>
      tf.concat(
        [
          (own as Tensor3D).slice([0, 0, 0], [1, at, -1]),
          patch.slice([0, at, 0], [1, 1, -1]),
          (own as Tensor3D).slice([0, at + 1, 0], [1, -1, -1]),
        ],
        1,
      );
    const { logits } = await passValues(model, [corrupted], { hooks: { [name]: replace }, logitsAt: 'last' });
    const metric = logits!.values[answer]! - logits!.values[distractor]!;
    return { metric, scale: logits!.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) };
  } finally {
    source.dispose();
  }
}
