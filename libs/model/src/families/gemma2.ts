// Gemma 2: norms after attention and MLP too, scaled embeddings, capped scores and logits, every other layer a sliding window.
// Its norms multiply by 1 + w: Hugging Face stores w, GGUF 1 + w.

import type { ModelConfig } from '../config.ts';
import { booleanField, integerField, positiveField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { decoderFields, nullableField, windowField } from './decoder-fields.ts';
import { planDecoder } from './decoder-tensors.ts';
import type { Family, GgufTensors } from './family.ts';
import { ggufDecoder } from './gguf-fields.ts';
import { layerWindows } from './layer-windows.ts';
import { requireNeutralFields } from './neutral-fields.ts';

const read = [
  'sliding_window',
  'layer_types',
  'query_pre_attn_scalar',
  'attn_logit_softcapping',
  'final_logit_softcapping',
];
const defaults = { window: 4096, attentionCap: 50, logitCap: 30 };

function isEven(layer: number): boolean {
  return layer % 2 === 0;
}

function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields, read);
  const decoder = decoderFields(fields, {
    family: 'gemma2',
    context: 8192,
    kvHeads: 4,
    headSize: 256,
    activation: { key: 'hidden_activation', absent: 'gelu-tanh' },
    tiedEmbeddings: true,
  });
  const window = windowField(fields, defaults.window);
  const bias = booleanField(fields, 'attention_bias', false);
  return withGemmaParts(decoder, {
    biases: { qkv: bias, o: bias, mlp: false },
    logitSoftcap: nullableField(fields, 'final_logit_softcapping', defaults.logitCap),
    attention: {
      ...decoder.attention,
      scale: positiveField(fields, 'query_pre_attn_scalar', 256) ** -0.5,
      softcap: nullableField(fields, 'attn_logit_softcapping', defaults.attentionCap),
      windows: layerWindows(fields, decoder.nLayers, { window, slides: isEven }),
    },
  });
}

/** The metadata do not say what scores are scaled by: llama.cpp knows the 27B model, by its 46 layers, as the exception. */
function configFromGguf(fields: Fields, tensors: GgufTensors): ModelConfig {
  const own = ['attention.sliding_window', 'attn_logit_softcapping', 'final_logit_softcapping'];
  const decoder = ggufDecoder(fields, tensors, { architecture: 'gemma2', family: 'gemma2', own });
  const { nLayers, nHeads, dModel, dHead } = decoder;
  const window = integerField(fields, 'gemma2.attention.sliding_window', { fallback: defaults.window });
  return withGemmaParts(decoder, {
    logitSoftcap: positiveField(fields, 'gemma2.final_logit_softcapping', defaults.logitCap),
    attention: {
      ...decoder.attention,
      scale: (nLayers === 46 ? dModel / nHeads : dHead) ** -0.5,
      softcap: positiveField(fields, 'gemma2.attn_logit_softcapping', defaults.attentionCap),
      windows: decoder.attention.windows.map((_, layer) => (isEven(layer) ? window : null)),
    },
    mlp: { gated: true, activation: 'gelu-tanh' },
  });
}

function withGemmaParts(decoder: ModelConfig, own: Partial<ModelConfig>): ModelConfig {
  return { ...decoder, postNorms: true, embedScale: decoder.dModel ** 0.5, ...own };
}

export const gemma2: Family = {
  modelType: 'gemma2',
  architectures: ['Gemma2ForCausalLM'],
  gguf: { architecture: 'gemma2', config: configFromGguf },
  configFromHuggingFace,
  planWeights: (config, format) => planDecoder(config, format, { normPlus: format === 'huggingface' ? 1 : undefined }),
  harmlessTensors: /\.rotary_emb\.inv_freq$/,
};
