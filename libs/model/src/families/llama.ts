// Llama (1-2, and models of its shape such as SmolLM2): RMSNorm, rotary positions, grouped queries, gated MLP.
// Maps its configuration and weights to ours. Not Llama 3's scaled rotary positions: refused by name.

import type { ModelConfig } from '../config.ts';
import {
  booleanField,
  ConfigFieldError,
  hasField,
  integerField,
  positiveField,
  recordField,
  requireNeutral,
} from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { TensorEntries } from '../weights/tensor-entry.ts';
import type { Family, PlannedWeight, SourceFormat } from './family.ts';

const MAX_LAYERS = 1024;
const MAX_CONTEXT = 2 ** 24;

/** Fields of config.json that would change results, with the values that do not. */
const neutralHuggingFace: Record<string, readonly unknown[]> = {
  hidden_act: ['silu'],
  pretraining_tp: [1],
  sliding_window: [],
  use_sliding_window: [false],
  layer_types: [],
  quantization_config: [],
  rope_interleaved: [false],
  partial_rotary_factor: [1],
  no_rope_layers: [],
  attention_multiplier: [],
  embedding_multiplier: [1],
  residual_multiplier: [1],
  logits_scaling: [1],
  attn_logit_softcapping: [],
  final_logit_softcapping: [],
  query_pre_attn_scalar: [],
  use_qk_norm: [false],
  qk_layernorm: [false],
  num_local_experts: [1],
  num_experts: [1],
  is_encoder_decoder: [false],
  add_cross_attention: [false],
  pruned_heads: [{}],
  auto_map: [],
};

/** The keys of GGUF's `llama.*` that are read, or say nothing about results. All others are refused. */
const knownGguf = new Set([
  'block_count',
  'context_length',
  'embedding_length',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.value_length',
  'attention.layer_norm_rms_epsilon',
  'rope.freq_base',
  'rope.dimension_count',
  'rope.scaling.type',
  'rope.scale_linear',
  'vocab_size',
  'expert_count',
  'expert_used_count',
  'use_parallel_residual',
  'tensor_data_layout',
]);

function configFromHuggingFace(fields: Fields): ModelConfig {
  for (const [key, neutral] of Object.entries(neutralHuggingFace)) requireNeutral(fields, key, neutral);
  const nHeads = integerField(fields, 'num_attention_heads');
  const nLayers = integerField(fields, 'num_hidden_layers', { max: MAX_LAYERS });
  const dHead = headSize(fields, 'head_dim', 'hidden_size', nHeads);
  const attentionBias = booleanField(fields, 'attention_bias', false);
  return withCheckedHeads(fields, 'num_attention_heads', 'num_key_value_heads', {
    ...plainLlama(nLayers, dHead),
    family: 'llama',
    nLayers,
    nHeads,
    nKvHeads: integerField(fields, 'num_key_value_heads', { fallback: nHeads }),
    dModel: integerField(fields, 'hidden_size'),
    dHead,
    dMlp: integerField(fields, 'intermediate_size'),
    nCtx: integerField(fields, 'max_position_embeddings', { max: MAX_CONTEXT, fallback: 2048 }),
    dVocab: integerField(fields, 'vocab_size'),
    norm: { kind: 'rms', eps: positiveField(fields, 'rms_norm_eps', 1e-6) },
    positions: { kind: 'rotary', theta: ropeTheta(fields), scaling: null },
    biases: { qkv: attentionBias, o: attentionBias, mlp: booleanField(fields, 'mlp_bias', false) },
    tiedEmbeddings: booleanField(fields, 'tie_word_embeddings', false),
    bosTokenId: tokenIds(fields, 'bos_token_id')[0] ?? null,
    eosTokenIds: tokenIds(fields, 'eos_token_id'),
  });
}

function configFromGguf(fields: Fields, tensors: TensorEntries): ModelConfig {
  requireKnownGgufKeys(fields);
  const nHeads = integerField(fields, 'llama.attention.head_count');
  const dHead = headSize(fields, 'llama.attention.key_length', 'llama.embedding_length', nHeads);
  for (const key of ['llama.rope.dimension_count', 'llama.attention.value_length'])
    requireNeutral(fields, key, [dHead]);
  const nLayers = integerField(fields, 'llama.block_count', { max: MAX_LAYERS });
  return withCheckedHeads(fields, 'llama.attention.head_count', 'llama.attention.head_count_kv', {
    ...plainLlama(nLayers, dHead),
    family: 'llama',
    nLayers,
    nHeads,
    nKvHeads: integerField(fields, 'llama.attention.head_count_kv', { fallback: nHeads }),
    dModel: integerField(fields, 'llama.embedding_length'),
    dHead,
    dMlp: integerField(fields, 'llama.feed_forward_length'),
    nCtx: integerField(fields, 'llama.context_length', { max: MAX_CONTEXT }),
    dVocab: ggufVocabularySize(fields),
    norm: { kind: 'rms', eps: positiveField(fields, 'llama.attention.layer_norm_rms_epsilon') },
    positions: { kind: 'rotary', theta: positiveField(fields, 'llama.rope.freq_base', 10_000), scaling: null },
    // A file with biases is refused by their names: llama.cpp permutes them, and nothing here has such a file to test.
    biases: { qkv: false, o: false, mlp: false },
    tiedEmbeddings: !tensors.has('output.weight'),
    bosTokenId: tokenIds(fields, 'tokenizer.ggml.bos_token_id')[0] ?? null,
    eosTokenIds: tokenIds(fields, 'tokenizer.ggml.eos_token_id'),
  });
}

/** What all Llamas have in common. */
function plainLlama(
  nLayers: number,
  dHead: number,
): Pick<ModelConfig, 'postNorms' | 'attention' | 'mlp' | 'embedScale' | 'logitSoftcap'> {
  return {
    postNorms: false,
    attention: { scale: dHead ** -0.5, softcap: null, windows: Array<null>(nLayers).fill(null), qkNorm: false },
    mlp: { gated: true, activation: 'silu' },
    embedScale: 1,
    logitSoftcap: null,
  };
}

function requireKnownGgufKeys(fields: Fields): void {
  for (const key of fields.values.keys()) {
    if (key.startsWith('llama.') && !knownGguf.has(key.slice('llama.'.length))) requireNeutral(fields, key, []);
  }
  requireNeutral(fields, 'llama.rope.scaling.type', ['none']);
  requireNeutral(fields, 'llama.rope.scale_linear', [1]);
  requireNeutral(fields, 'llama.expert_count', [0]);
  requireNeutral(fields, 'llama.expert_used_count', [0]);
  requireNeutral(fields, 'llama.use_parallel_residual', [false]);
  requireNeutral(fields, 'llama.tensor_data_layout', ['Meta AI original pth']);
}

function ggufVocabularySize(fields: Fields): number {
  const tokens = fields.values.get('tokenizer.ggml.tokens');
  return integerField(fields, 'llama.vocab_size', Array.isArray(tokens) ? { fallback: tokens.length } : {});
}

/** An even size (rotary positions turn pairs); by default the width split evenly over the heads. */
function headSize(fields: Fields, key: string, widthKey: string, nHeads: number): number {
  const width = integerField(fields, widthKey);
  if (!hasField(fields, key) && width % nHeads !== 0) {
    throw new ConfigFieldError(fields, widthKey, `a multiple of the ${nHeads} heads`);
  }
  const size = integerField(fields, key, { fallback: width / nHeads });
  if (size % 2 === 0) return size;
  throw new ConfigFieldError(fields, hasField(fields, key) ? key : widthKey, 'an even number of dimensions per head');
}

function withCheckedHeads(fields: Fields, key: string, kvKey: string, config: ModelConfig): ModelConfig {
  if (config.nHeads % config.nKvHeads !== 0) {
    throw new ConfigFieldError(fields, kvKey, `a divisor of "${key}", which is ${config.nHeads}`);
  }
  return config;
}

/** Both styles: `rope_theta` with `rope_scaling`, and `rope_parameters`. */
function ropeTheta(fields: Fields): number {
  const parameters = recordField(fields, 'rope_parameters');
  for (const record of [parameters, recordField(fields, 'rope_scaling')]) {
    if (record !== null) requireDefaultRope(record);
  }
  const old = positiveField(fields, 'rope_theta', 10_000);
  const theta = parameters === null ? old : positiveField(parameters, 'rope_theta', old);
  if (!hasField(fields, 'rope_theta') || theta === old) return theta;
  throw new ConfigFieldError(fields, 'rope_theta', `${theta}, as in "rope_parameters"`);
}

function requireDefaultRope(rope: Fields): void {
  for (const key of ['rope_type', 'type']) requireNeutral(rope, key, ['default']);
  for (const key of rope.values.keys()) {
    if (!['rope_type', 'type', 'rope_theta'].includes(key)) {
      requireNeutral(rope, key, key === 'partial_rotary_factor' || key === 'factor' ? [1] : []);
    }
  }
}

/** One id, a list of ids, or none. */
function tokenIds(fields: Fields, key: string): number[] {
  if (!hasField(fields, key)) return [];
  const value = fields.values.get(key);
  const ids: unknown[] = Array.isArray(value) ? value : [value];
  if (ids.every((id) => Number.isInteger(id) && (id as number) >= 0)) return ids as number[];
  throw new ConfigFieldError(fields, key, 'a token id or a list of token ids');
}

interface TensorNames {
  embed: string;
  unembed: string;
  finalNorm: string;
  block: string;
  ln1: string;
  q: string;
  k: string;
  v: string;
  o: string;
  ln2: string;
  gate: string;
  up: string;
  down: string;
}

const tensorNames: Record<SourceFormat, TensorNames> = {
  huggingface: {
    embed: 'model.embed_tokens.weight',
    unembed: 'lm_head.weight',
    finalNorm: 'model.norm.weight',
    block: 'model.layers',
    ln1: 'input_layernorm.weight',
    q: 'self_attn.q_proj',
    k: 'self_attn.k_proj',
    v: 'self_attn.v_proj',
    o: 'self_attn.o_proj',
    ln2: 'post_attention_layernorm.weight',
    gate: 'mlp.gate_proj',
    up: 'mlp.up_proj',
    down: 'mlp.down_proj',
  },
  gguf: {
    embed: 'token_embd.weight',
    unembed: 'output.weight',
    finalNorm: 'output_norm.weight',
    block: 'blk',
    ln1: 'attn_norm.weight',
    q: 'attn_q',
    k: 'attn_k',
    v: 'attn_v',
    o: 'attn_output',
    ln2: 'ffn_norm.weight',
    gate: 'ffn_gate',
    up: 'ffn_up',
    down: 'ffn_down',
  },
};

function planWeights(config: ModelConfig, format: SourceFormat): PlannedWeight[] {
  const names = tensorNames[format];
  const { dVocab, dModel } = config;
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => planBlock(config, format, layer));
  const unembed = plain('unembed.W_U', names.unembed, [dVocab, dModel]);
  return [
    plain('embed.W_E', names.embed, [dVocab, dModel]),
    ...blocks.flat(),
    plain('ln_final.w', names.finalNorm, [dModel]),
    ...(config.tiedEmbeddings ? [] : [unembed]),
  ];
}

function planBlock(config: ModelConfig, format: SourceFormat, layer: number): PlannedWeight[] {
  const { dModel, dMlp, dHead, nHeads, nKvHeads, biases } = config;
  const names = tensorNames[format];
  const from = `${names.block}.${layer}`;
  const interleavedHead = format === 'gguf' ? dHead : undefined;
  const linear = (ours: string, theirs: string, shape: [number, number], options: LinearOptions): PlannedWeight[] =>
    planLinear(`blocks.${layer}.${ours}`, `${from}.${theirs}`, shape, options);
  const rotated = { bias: biases.qkv, interleavedHead };
  return [
    plain(`blocks.${layer}.ln1.w`, `${from}.${names.ln1}`, [dModel]),
    ...linear('attn.?_Q', names.q, [nHeads * dHead, dModel], rotated),
    ...linear('attn.?_K', names.k, [nKvHeads * dHead, dModel], rotated),
    ...linear('attn.?_V', names.v, [nKvHeads * dHead, dModel], { bias: biases.qkv }),
    ...linear('attn.?_O', names.o, [dModel, nHeads * dHead], { bias: biases.o }),
    plain(`blocks.${layer}.ln2.w`, `${from}.${names.ln2}`, [dModel]),
    ...linear('mlp.?_gate', names.gate, [dMlp, dModel], { bias: biases.mlp }),
    ...linear('mlp.?_in', names.up, [dMlp, dModel], { bias: biases.mlp }),
    ...linear('mlp.?_out', names.down, [dModel, dMlp], { bias: biases.mlp }),
  ];
}

interface LinearOptions {
  bias: boolean;
  interleavedHead?: number;
}

/** A matrix, W, that the file has as [out, in], transposed to [in, out], and its bias b [out] if it has one. */
function planLinear(
  ours: string,
  theirs: string,
  shape: [number, number],
  { bias, interleavedHead }: LinearOptions,
): PlannedWeight[] {
  const stored = { tensor: `${theirs}.weight`, shape, interleavedHead };
  const W = { name: ours.replace('?', 'W'), shape: shape.toReversed(), stored, transpose: true };
  if (!bias) return [W];
  const storedBias = { tensor: `${theirs}.bias`, shape: [shape[0]] };
  return [W, { name: ours.replace('?', 'b'), shape: [shape[0]], stored: storedBias, transpose: false }];
}

function plain(name: string, tensor: string, shape: number[]): PlannedWeight {
  return { name, shape, stored: { tensor, shape }, transpose: false };
}

export const llama: Family = {
  modelType: 'llama',
  architectures: ['LlamaForCausalLM'],
  ggufArchitecture: 'llama',
  configFromHuggingFace,
  configFromGguf,
  planWeights,
  harmlessTensors: /\.rotary_emb\.inv_freq$/,
};
