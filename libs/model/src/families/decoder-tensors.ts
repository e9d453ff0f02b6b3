// Where the weights of the families that are shaped like Llama lie in their files. Names follow from the configuration:
// a family has none of its own.

import type { ModelConfig } from '../config.ts';
import type { PlannedWeight, SourceFormat } from './family.ts';

interface TensorNames {
  embed: string;
  unembed: string;
  finalNorm: string;
  block: string;
  ln1: string;
  ln1Post: string;
  q: string;
  k: string;
  v: string;
  o: string;
  qNorm: string;
  kNorm: string;
  /** The norm before the MLP, in models without and with post-norms. */
  ln2: string;
  ln2BetweenPostNorms: string;
  ln2Post: string;
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
    ln1Post: 'post_attention_layernorm.weight',
    q: 'self_attn.q_proj',
    k: 'self_attn.k_proj',
    v: 'self_attn.v_proj',
    o: 'self_attn.o_proj',
    qNorm: 'self_attn.q_norm.weight',
    kNorm: 'self_attn.k_norm.weight',
    ln2: 'post_attention_layernorm.weight',
    ln2BetweenPostNorms: 'pre_feedforward_layernorm.weight',
    ln2Post: 'post_feedforward_layernorm.weight',
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
    ln1Post: 'post_attention_norm.weight',
    q: 'attn_q',
    k: 'attn_k',
    v: 'attn_v',
    o: 'attn_output',
    qNorm: 'attn_q_norm.weight',
    kNorm: 'attn_k_norm.weight',
    ln2: 'ffn_norm.weight',
    ln2BetweenPostNorms: 'ffn_norm.weight',
    ln2Post: 'post_ffw_norm.weight',
    gate: 'ffn_gate',
    up: 'ffn_up',
    down: 'ffn_down',
  },
};

/** How a family keeps weights in a file where it differs from what the engine reads. */
export interface StorageOptions {
  /** The rows of q and k are pairwise interleaved (llama.cpp's Llama). */
  interleaved?: boolean;
  /** Added to the norms' weights: 1 where the file has w and the norm multiplies by 1 + w. */
  normPlus?: number;
}

/** All weights of a model with one RMS norm before, and maybe one after, attention and a gated MLP. */
export function planDecoder(config: ModelConfig, format: SourceFormat, options: StorageOptions = {}): PlannedWeight[] {
  const names = tensorNames[format];
  const { dVocab, dModel } = config;
  const blocks = Array.from({ length: config.nLayers }, (_, layer) => planBlock(config, { format, layer, options }));
  return [
    planWhole('embed.W_E', names.embed, [dVocab, dModel]),
    ...blocks.flat(),
    planNorm('ln_final.w', names.finalNorm, dModel, options.normPlus),
    ...(config.tiedEmbeddings ? [] : [planWhole('unembed.W_U', names.unembed, [dVocab, dModel])]),
  ];
}

function planBlock(
  config: ModelConfig,
  { format, layer, options }: { format: SourceFormat; layer: number; options: StorageOptions },
): PlannedWeight[] {
  const { dModel, dMlp, dHead, nHeads, nKvHeads, biases, postNorms } = config;
  const names = tensorNames[format];
  const [to, from] = [`blocks.${layer}`, `${names.block}.${layer}`];
  const norm = (ours: string, theirs: string, size = dModel): PlannedWeight =>
    planNorm(`${to}.${ours}`, `${from}.${theirs}`, size, options.normPlus);
  const linear = (ours: string, theirs: string, shape: [number, number], storage: LinearOptions): PlannedWeight[] =>
    planLinear(`${to}.${ours}`, `${from}.${theirs}`, shape, storage);
  const turned = { bias: biases.qkv, interleavedHead: options.interleaved ? dHead : undefined };
  return [
    norm('ln1.w', names.ln1),
    ...linear('attn.?_Q', names.q, [nHeads * dHead, dModel], turned),
    ...linear('attn.?_K', names.k, [nKvHeads * dHead, dModel], turned),
    ...linear('attn.?_V', names.v, [nKvHeads * dHead, dModel], { bias: biases.qkv }),
    ...(config.attention.qkNorm
      ? [norm('attn.q_norm.w', names.qNorm, dHead), norm('attn.k_norm.w', names.kNorm, dHead)]
      : []),
    ...linear('attn.?_O', names.o, [dModel, nHeads * dHead], { bias: biases.o }),
    ...(postNorms ? [norm('ln1_post.w', names.ln1Post)] : []),
    norm('ln2.w', postNorms ? names.ln2BetweenPostNorms : names.ln2),
    ...linear('mlp.?_gate', names.gate, [dMlp, dModel], { bias: biases.mlp }),
    ...linear('mlp.?_in', names.up, [dMlp, dModel], { bias: biases.mlp }),
    ...linear('mlp.?_out', names.down, [dModel, dMlp], { bias: biases.mlp }),
    ...(postNorms ? [norm('ln2_post.w', names.ln2Post)] : []),
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
  const storedBias = { tensor: `${theirs}.bias`, shape: [shape[0]], interleavedHead };
  return [W, { name: ours.replace('?', 'b'), shape: [shape[0]], stored: storedBias, transpose: false }];
}

function planNorm(name: string, tensor: string, size: number, plus?: number): PlannedWeight {
  return { ...planWhole(name, tensor, [size]), plus };
}

/** A tensor that is taken as it is. */
export function planWhole(name: string, tensor: string, shape: number[]): PlannedWeight {
  return { name, shape, stored: { tensor, shape }, transpose: false };
}
