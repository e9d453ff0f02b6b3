// GPT-2: layer norms, learned positions, a plain MLP, biases everywhere, and q, k and v side by side in one tensor.

import type { ModelConfig } from '../config.ts';
import { booleanField, integerField, positiveField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { TensorEntries } from '../weights/tensor-entry.ts';
import { activationField, evenHeadSize, MAX_CONTEXT, MAX_LAYERS, tokenIds } from './common-fields.ts';
import { plainAttention } from './decoder-fields.ts';
import { planWhole } from './decoder-tensors.ts';
import type { Family, PlannedWeight, SourceFormat } from './family.ts';
import { ggufTokenIds, ggufVocabularySize, requireKnownKeys } from './gguf-fields.ts';
import { requireNeutralFields } from './neutral-fields.ts';

type Sizes = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'dModel' | 'dHead' | 'dMlp' | 'nCtx' | 'dVocab'>;

/** `reorder_and_upcast_attn` may have any value: it matters in half precision alone. */
function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields);
  const nHeads = integerField(fields, 'n_head');
  const dModel = integerField(fields, 'n_embd');
  const sizes = {
    nLayers: integerField(fields, 'n_layer', { max: MAX_LAYERS }),
    nHeads,
    dModel,
    dHead: evenHeadSize(fields, 'n_embd', nHeads),
    dMlp: integerField(fields, 'n_inner', { fallback: 4 * dModel }),
    nCtx: integerField(fields, 'n_positions', { max: MAX_CONTEXT, fallback: 1024 }),
    dVocab: integerField(fields, 'vocab_size'),
  };
  const plain = plainGpt2(sizes, positiveField(fields, 'layer_norm_epsilon', 1e-5));
  const scaled = booleanField(fields, 'scale_attn_weights', true);
  return {
    ...plain,
    attention: scaled ? plain.attention : { ...plain.attention, scale: 1 },
    mlp: { gated: false, activation: activationField(fields, 'activation_function', 'gelu-tanh') },
    tiedEmbeddings: booleanField(fields, 'tie_word_embeddings', true),
    bosTokenId: tokenIds(fields, 'bos_token_id')[0] ?? null,
    eosTokenIds: tokenIds(fields, 'eos_token_id'),
  };
}

function configFromGguf(fields: Fields, { entries }: { entries: TensorEntries }): ModelConfig {
  requireKnownKeys(fields, 'gpt2', ['attention.layer_norm_epsilon']);
  const nHeads = integerField(fields, 'gpt2.attention.head_count');
  const sizes = {
    nLayers: integerField(fields, 'gpt2.block_count', { max: MAX_LAYERS }),
    nHeads: integerField(fields, 'gpt2.attention.head_count_kv', { min: nHeads, max: nHeads, fallback: nHeads }),
    dModel: integerField(fields, 'gpt2.embedding_length'),
    dHead: evenHeadSize(fields, 'gpt2.embedding_length', nHeads),
    dMlp: integerField(fields, 'gpt2.feed_forward_length'),
    nCtx: integerField(fields, 'gpt2.context_length', { max: MAX_CONTEXT }),
    dVocab: ggufVocabularySize(fields, 'gpt2'),
  };
  return {
    ...plainGpt2(sizes, positiveField(fields, 'gpt2.attention.layer_norm_epsilon')),
    tiedEmbeddings: !entries.has('output.weight'),
    ...ggufTokenIds(fields),
  };
}

/** What all models of the family have in common. */
function plainGpt2(sizes: Sizes, eps: number): ModelConfig {
  return {
    ...sizes,
    family: 'gpt2',
    nKvHeads: sizes.nHeads,
    norm: { kind: 'layer', eps },
    postNorms: false,
    positions: { kind: 'learned' },
    attention: plainAttention(sizes.nLayers, sizes.dHead),
    mlp: { gated: false, activation: 'gelu-tanh' },
    biases: { qkv: true, o: true, mlp: true },
    embedScale: 1,
    logitSoftcap: null,
    tiedEmbeddings: true,
    bosTokenId: null,
    eosTokenIds: [],
  };
}

interface TensorNames {
  embed: string;
  positions: string;
  unembed: string;
  finalNorm: string;
  block: string;
  ln1: string;
  qkv: string;
  o: string;
  ln2: string;
  up: string;
  down: string;
}

const ggufNames: TensorNames = {
  embed: 'token_embd.weight',
  positions: 'position_embd.weight',
  unembed: 'output.weight',
  finalNorm: 'output_norm',
  block: 'blk',
  ln1: 'attn_norm',
  qkv: 'attn_qkv',
  o: 'attn_output',
  ln2: 'ffn_norm',
  up: 'ffn_up',
  down: 'ffn_down',
};

/** Published files have the names without the prefix, those that transformers writes with it. */
function huggingFaceNames(tensors: TensorEntries): TensorNames {
  const prefix = tensors.has('wte.weight') ? '' : 'transformer.';
  return {
    embed: `${prefix}wte.weight`,
    positions: `${prefix}wpe.weight`,
    unembed: 'lm_head.weight',
    finalNorm: `${prefix}ln_f`,
    block: `${prefix}h`,
    ln1: 'ln_1',
    qkv: 'attn.c_attn',
    o: 'attn.c_proj',
    ln2: 'ln_2',
    up: 'mlp.c_fc',
    down: 'mlp.c_proj',
  };
}

/** Where the tensors lie, and whether their matrices are [out, in] (GGUF) or [in, out] (Hugging Face's Conv1D). */
interface Layout {
  names: TensorNames;
  outFirst: boolean;
}

function planWeights(config: ModelConfig, format: SourceFormat, tensors: TensorEntries): PlannedWeight[] {
  const names = format === 'gguf' ? ggufNames : huggingFaceNames(tensors);
  const layout = { names, outFirst: format === 'gguf' };
  const { dVocab, dModel, nCtx } = config;
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => planBlock(config, layout, layer));
  return [
    planWhole('embed.W_E', names.embed, [dVocab, dModel]),
    planWhole('pos_embed.W_pos', names.positions, [nCtx, dModel]),
    ...blocks.flat(),
    ...planLayerNorm('ln_final', names.finalNorm, dModel),
    ...(config.tiedEmbeddings ? [] : [planWhole('unembed.W_U', names.unembed, [dVocab, dModel])]),
  ];
}

function planBlock({ dModel, dMlp }: ModelConfig, { names, outFirst }: Layout, layer: number): PlannedWeight[] {
  const [to, from] = [`blocks.${layer}`, `${names.block}.${layer}`];
  const linear = (ours: string, theirs: string, map: Omit<LinearMap, 'outFirst'>): PlannedWeight[] =>
    planPartOfLinear(`${to}.${ours}`, `${from}.${theirs}`, { ...map, outFirst });
  const third = (index: number): Omit<LinearMap, 'outFirst'> => ({
    in: dModel,
    out: 3 * dModel,
    taken: { start: index * dModel, count: dModel },
  });
  return [
    ...planLayerNorm(`${to}.ln1`, `${from}.${names.ln1}`, dModel),
    ...linear('attn.?_Q', names.qkv, third(0)),
    ...linear('attn.?_K', names.qkv, third(1)),
    ...linear('attn.?_V', names.qkv, third(2)),
    ...linear('attn.?_O', names.o, { in: dModel, out: dModel }),
    ...planLayerNorm(`${to}.ln2`, `${from}.${names.ln2}`, dModel),
    ...linear('mlp.?_in', names.up, { in: dModel, out: dMlp }),
    ...linear('mlp.?_out', names.down, { in: dMlp, out: dModel }),
  ];
}

interface LinearMap {
  in: number;
  out: number;
  outFirst: boolean;
  /** Which outputs belong to the weight; all by default. */
  taken?: { start: number; count: number };
}

/** A matrix W [in, out] and its bias b [out], or some outputs of both. */
function planPartOfLinear(ours: string, theirs: string, map: LinearMap): PlannedWeight[] {
  const { outFirst, taken } = map;
  const out = taken?.count ?? map.out;
  const matrix = outFirst
    ? { shape: [map.out, map.in], ...(taken && { rows: taken }) }
    : { shape: [map.in, map.out], ...(taken && { columns: taken }) };
  const bias = { tensor: `${theirs}.bias`, shape: [map.out], ...(taken && { rows: taken }) };
  return [
    {
      name: ours.replace('?', 'W'),
      shape: [map.in, out],
      stored: { tensor: `${theirs}.weight`, ...matrix },
      transpose: outFirst,
    },
    { name: ours.replace('?', 'b'), shape: [out], stored: bias, transpose: false },
  ];
}

function planLayerNorm(ours: string, theirs: string, size: number): PlannedWeight[] {
  return [planWhole(`${ours}.w`, `${theirs}.weight`, [size]), planWhole(`${ours}.b`, `${theirs}.bias`, [size])];
}

export const gpt2: Family = {
  modelType: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  gguf: { architecture: 'gpt2', config: configFromGguf },
  configFromHuggingFace,
  planWeights,
  // Buffers of older transformers: the causal mask and what masked scores were set to.
  harmlessTensors: /\.attn\.(bias|masked_bias)$/,
};
