/** Checks that a whole is the sum of its parts: the residual stream, and attention of its heads. Summed in float64. */
import { blockHook, type BlockHook, type HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { withReadings } from '../readings.ts';
import type { Measuring } from './measuring.ts';
import { lastResidual, passValues, positionsOf, sampleLayers } from './pass-values.ts';

/** embed (+ positions) + Σ attn_out + Σ mlp_out = the residual stream after the last block. */
export async function residualSum({ model, pairs, comparison }: Measuring): Promise<void> {
  const { nLayers, positions } = model.config;
  const layers = Array.from({ length: nLayers }, (_, layer) => layer);
  const start: HookName = positions.kind === 'rotary' ? 'hook_embed' : 'blocks.0.hook_resid_pre';
  const added = layers.flatMap((layer) => [blockHook(layer, 'hook_attn_out'), blockHook(layer, 'hook_mlp_out')]);
  const final = lastResidual(nLayers);
  const capture = [...new Set<HookName>([start, 'hook_embed', ...added, final])];
  const pass = await passValues(model, [pairs[0]!.clean], { capture, logitsAt: 'none' });
  const sum = Float64Array.from(pass.at(start).values);
  for (const name of added) addTo(sum, pass.at(name).values);
  comparison.add(final, sum, pass.at(final).values);
  if (start !== 'hook_embed') await samePositions({ model, pairs, comparison });
}

/** What learned positions add to the embedding is the same for every prompt. */
async function samePositions({ model, pairs, comparison }: Pick<Measuring, 'model' | 'pairs' | 'comparison'>) {
  const added = async (tokens: number[]): Promise<Float64Array> => {
    const capture: HookName[] = ['hook_embed', 'blocks.0.hook_resid_pre'];
    const pass = await passValues(model, [tokens], { capture, logitsAt: 'none' });
    const of = (name: HookName) => positionsOf(pass.at(name), 0, shared);
    const embed = of('hook_embed');
    return Float64Array.from(of('blocks.0.hook_resid_pre'), (value, at) => value - (embed[at] as number));
  };
  const shared = Math.min(pairs[0]!.clean.length, pairs[1]!.clean.length);
  comparison.add('positions', await added(pairs[0]!.clean), await added(pairs[1]!.clean));
}

/** Σ over heads of their results (+ bias) = attn_out; of models with post-norms, the results carried through the norm. */
export async function headSum({ model, pairs, comparison }: Measuring): Promise<void> {
  const hook = (model.config.postNorms ? 'attn.hook_result_post' : 'attn.hook_result') as BlockHook;
  for (const layer of sampleLayers(model.config.nLayers)) {
    const [results, whole] = [blockHook(layer, hook), blockHook(layer, 'hook_attn_out')];
    const pass = await passValues(model, [pairs[0]!.clean], { capture: [results, whole], logitsAt: 'none' });
    const { shape, values } = pass.at(results);
    const [, positions, nHeads, dModel] = shape as [number, number, number, number];
    const bias = model.config.postNorms ? null : await outputBias(model, layer);
    const sum = Float64Array.from({ length: positions * dModel }, (_, at) => bias?.[at % dModel] ?? 0);
    for (let row = 0; row < positions * nHeads; row++) {
      const to = Math.floor(row / nHeads) * dModel;
      for (let at = 0; at < dModel; at++) sum[to + at]! += values[row * dModel + at] as number;
    }
    comparison.add(whole, sum, pass.at(whole).values);
  }
}

/** b_O of a layer; null where there is none. */
async function outputBias(model: Transformer, layer: number): Promise<Float32Array | null> {
  let bias: Float32Array | null = null;
  await withReadings((readings) =>
    model.withBlock(layer, ({ attn }) => {
      if (attn.b_O) readings.read(attn.b_O, (values) => (bias = values.slice()));
    }),
  );
  return bias;
}

function addTo(sum: Float64Array, values: Float32Array): void {
  for (let at = 0; at < sum.length; at++) sum[at]! += values[at] as number;
}
