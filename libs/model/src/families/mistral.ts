// Mistral: a Llama whose layers may all see a sliding window. llama.cpp has it as Llama, and without the window.

import type { ModelConfig } from '../config.ts';
import type { Fields } from '../fields.ts';
import { decoderFields, windowField } from './decoder-fields.ts';
import { planDecoder } from './decoder-tensors.ts';
import type { Family } from './family.ts';
import { requireNeutralFields } from './neutral-fields.ts';

function configFromHuggingFace(fields: Fields): ModelConfig {
  requireNeutralFields(fields, ['sliding_window']);
  const decoder = decoderFields(fields, { family: 'mistral', context: 4096 * 32, kvHeads: 8 });
  const windows = Array<number | null>(decoder.nLayers).fill(windowField(fields, 4096));
  return { ...decoder, attention: { ...decoder.attention, windows } };
}

export const mistral: Family = {
  modelType: 'mistral',
  architectures: ['MistralForCausalLM'],
  gguf: null,
  configFromHuggingFace,
  planWeights: (config, format) => planDecoder(config, format),
  harmlessTensors: /\.rotary_emb\.inv_freq$/,
};
