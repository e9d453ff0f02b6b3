/** Tiny models of random weights, for what no reference model has together: one base configuration, changed by features. */
import type { BackendName, ModelConfig } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';
import { allocateWeightStore, weight } from '../../libs/model/src/weights/weight-store.ts';
import { randomValues } from './tiny-model.ts';

const base: ModelConfig = {
  family: 'random',
  nLayers: 3,
  nHeads: 4,
  nKvHeads: 2,
  dModel: 24,
  dHead: 8,
  dMlp: 40,
  nCtx: 32,
  dVocab: 60,
  norm: { kind: 'rms', eps: 1e-5 },
  postNorms: false,
  positions: { kind: 'rotary', theta: 10_000, scaling: null },
  attention: { scale: 8 ** -0.5, softcap: null, windows: [null, null, null], qkNorm: false },
  mlp: { gated: true, activation: 'silu' },
  biases: { qkv: false, o: false, mlp: false },
  embedScale: 1,
  logitSoftcap: null,
  tiedEmbeddings: true,
  bosTokenId: null,
  eosTokenIds: [],
};

/** Names and shapes of the weights that a configuration has. */
function weightShapes(config: ModelConfig): { name: string; shape: number[] }[] {
  const { nLayers, nHeads, nKvHeads, dModel, dHead, dMlp, dVocab, nCtx, biases, mlp } = config;
  const [queries, keys] = [nHeads * dHead, nKvHeads * dHead];
  const when = (has: boolean, shapes: Record<string, number[]>) => (has ? shapes : {});
  const norm = (name: string) => ({
    [`${name}.w`]: [dModel],
    ...when(config.norm.kind === 'layer', { [`${name}.b`]: [dModel] }),
  });
  const block: Record<string, number[]> = {
    ...norm('ln1'),
    ...norm('ln2'),
    ...when(config.postNorms, { ...norm('ln1_post'), ...norm('ln2_post') }),
    'attn.W_Q': [dModel, queries],
    'attn.W_K': [dModel, keys],
    'attn.W_V': [dModel, keys],
    'attn.W_O': [queries, dModel],
    ...when(biases.qkv, { 'attn.b_Q': [queries], 'attn.b_K': [keys], 'attn.b_V': [keys] }),
    ...when(biases.o, { 'attn.b_O': [dModel] }),
    ...when(config.attention.qkNorm, { 'attn.q_norm.w': [dHead], 'attn.k_norm.w': [dHead] }),
    ...when(mlp.gated, { 'mlp.W_gate': [dModel, dMlp] }),
    'mlp.W_in': [dModel, dMlp],
    'mlp.W_out': [dMlp, dModel],
    ...when(biases.mlp, { 'mlp.b_in': [dMlp], 'mlp.b_out': [dModel] }),
    ...when(biases.mlp && mlp.gated, { 'mlp.b_gate': [dMlp] }),
  };
  const layers = Array.from({ length: nLayers }, (_, l) =>
    Object.entries(block).map(([name, shape]) => ({ name: `blocks.${l}.${name}`, shape })),
  );
  const whole: Record<string, number[]> = {
    'embed.W_E': [dVocab, dModel],
    ...when(config.positions.kind === 'learned', { 'pos_embed.W_pos': [nCtx, dModel] }),
    ...norm('ln_final'),
    ...when(!config.tiedEmbeddings, { 'unembed.W_U': [dVocab, dModel] }),
  };
  return [...layers.flat(), ...Object.entries(whole).map(([name, shape]) => ({ name, shape }))];
}

/** Around what, and how far, a weight's values lie: what a matrix makes is of the size of what it reads. */
function spread(name: string, shape: readonly number[]): [number, number] {
  if (name.endsWith('.w')) return [1, 0.3];
  if (shape.length === 1) return [0, 0.3];
  return [0, name.includes('embed') ? 1 : 1.7 * shape[0]! ** -0.5];
}

/** A model with some of the base's fields changed, on a backend of this process. */
export async function randomModel(features: Partial<ModelConfig>, backend: BackendName): Promise<Transformer> {
  await openBackend(backend);
  const config = { ...base, ...features };
  const shapes = weightShapes(config);
  const store = allocateWeightStore(shapes);
  for (const [seed, { name, shape }] of shapes.entries()) {
    const { values } = weight(store, name);
    const [around, size] = spread(name, shape);
    values.set(randomValues(values.length, seed).map((value) => around + size * value));
  }
  return new Transformer(config, store);
}
