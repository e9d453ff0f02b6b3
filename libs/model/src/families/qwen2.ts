// Qwen2 and Qwen2.5 (dense): a Llama with biases on q, k and v.

import type { ModelConfig } from '../config.ts';
import type { Fields } from '../fields.ts';
import { decoderFields } from './decoder-fields.ts';
import { planDecoder } from './decoder-tensors.ts';
import type { Family } from './family.ts';
import { ggufDecoder } from './gguf-fields.ts';
import { requireNeutralFields } from './neutral-fields.ts';
import { qwenWindows, windowFields } from './qwen-windows.ts';

function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields, windowFields);
  const decoder = decoderFields(fields, { family: 'qwen2', context: 32_768, kvHeads: 32 });
  const windows = qwenWindows(fields, decoder.nLayers);
  const biases = { qkv: true, o: false, mlp: false };
  return { ...decoder, biases, attention: { ...decoder.attention, windows } };
}

export const qwen2: Family = {
  modelType: 'qwen2',
  architectures: ['Qwen2ForCausalLM'],
  gguf: {
    architecture: 'qwen2',
    config: (fields, tensors) => ggufDecoder(fields, tensors, { architecture: 'qwen2', family: 'qwen2' }),
  },
  configFromHuggingFace,
  planWeights: (config, format) => planDecoder(config, format),
  harmlessTensors: /\.rotary_emb\.inv_freq$/,
};
