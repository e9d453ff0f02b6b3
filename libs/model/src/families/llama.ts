// Llama 1 to 3 and models of its shape (SmolLM2, TinyLlama).

import type { ModelConfig } from '../config.ts';
import { booleanField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { decoderFields } from './decoder-fields.ts';
import { planDecoder } from './decoder-tensors.ts';
import type { Family } from './family.ts';
import { ggufDecoder } from './gguf-fields.ts';
import { layerWindows } from './layer-windows.ts';
import { requireNeutralFields } from './neutral-fields.ts';

function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields, ['layer_types']);
  const decoder = decoderFields(fields, { family: 'llama', context: 2048 });
  const windows = layerWindows(fields, decoder.nLayers, { window: null, slides: () => false });
  const attention = booleanField(fields, 'attention_bias', false);
  const biases = { qkv: attention, o: attention, mlp: booleanField(fields, 'mlp_bias', false) };
  return { ...decoder, biases, attention: { ...decoder.attention, windows } };
}

export const llama: Family = {
  modelType: 'llama',
  architectures: ['LlamaForCausalLM'],
  gguf: {
    architecture: 'llama',
    config: (fields, tensors) => ggufDecoder(fields, tensors, { architecture: 'llama', family: 'llama' }),
  },
  configFromHuggingFace,
  planWeights: (config, format) => planDecoder(config, format, { interleaved: format === 'gguf' }),
  harmlessTensors: /\.rotary_emb\.inv_freq$|^rope_freqs\.weight$/,
};
