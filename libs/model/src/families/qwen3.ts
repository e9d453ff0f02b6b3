// Qwen3 (dense): a Llama whose queries and keys pass an RMS norm over each head.

import type { ModelConfig } from '../config.ts';
import { booleanField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { decoderFields } from './decoder-fields.ts';
import { planDecoder } from './decoder-tensors.ts';
import type { Family, GgufTensors } from './family.ts';
import { ggufDecoder } from './gguf-fields.ts';
import { requireNeutralFields } from './neutral-fields.ts';
import { qwenWindows, windowFields } from './qwen-windows.ts';

function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields, windowFields);
  const decoder = decoderFields(fields, { family: 'qwen3', context: 32_768, kvHeads: 32, headSize: 128 });
  const windows = qwenWindows(fields, decoder.nLayers);
  const bias = booleanField(fields, 'attention_bias', false);
  const biases = { qkv: bias, o: bias, mlp: false };
  return { ...decoder, biases, attention: { ...decoder.attention, windows, qkNorm: true } };
}

function configFromGguf(fields: Fields, tensors: GgufTensors): ModelConfig {
  const decoder = ggufDecoder(fields, tensors, { architecture: 'qwen3', family: 'qwen3' });
  return { ...decoder, attention: { ...decoder.attention, qkNorm: true } };
}

export const qwen3: Family = {
  modelType: 'qwen3',
  architectures: ['Qwen3ForCausalLM'],
  gguf: { architecture: 'qwen3', config: configFromGguf },
  configFromHuggingFace,
  planWeights: (config, format) => planDecoder(config, format),
  harmlessTensors: /\.rotary_emb\.inv_freq$/,
};
