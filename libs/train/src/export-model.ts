/** A trained network as Hugging Face's loaders read it: config.json, model.safetensors, tokenizer and chat template. */
import type { NamedArray } from '@demur/interp';
import type { ModelConfig, PlannedWeight } from '@demur/model';
import { SPECIAL, specialTokensMap, tokenizerConfigJson, tokenizerJson } from './vocabulary.ts';

/** The files' contents by name; the weights as arrays, in the shapes that the files of a Llama have. */
export function modelFiles(config: ModelConfig, vocabulary: Map<string, number>): Record<string, object> {
  return {
    'config.json': configJson(config, vocabulary),
    'generation_config.json': {
      bos_token_id: vocabulary.get(SPECIAL.begin),
      eos_token_id: vocabulary.get(SPECIAL.end),
      pad_token_id: vocabulary.get(SPECIAL.end),
      do_sample: false,
      max_new_tokens: config.nCtx / 2,
    },
    'tokenizer.json': tokenizerJson(vocabulary),
    'tokenizer_config.json': tokenizerConfigJson(config.nCtx),
    'special_tokens_map.json': specialTokensMap(),
  };
}

function configJson(config: ModelConfig, vocabulary: Map<string, number>): object {
  if (config.positions.kind !== 'rotary') throw new TypeError('positions are rotary');
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_act: 'silu',
    hidden_size: config.dModel,
    intermediate_size: config.dMlp,
    num_attention_heads: config.nHeads,
    num_key_value_heads: config.nKvHeads,
    num_hidden_layers: config.nLayers,
    head_dim: config.dHead,
    max_position_embeddings: config.nCtx,
    rms_norm_eps: config.norm.eps,
    rope_theta: config.positions.theta,
    tie_word_embeddings: config.tiedEmbeddings,
    vocab_size: config.dVocab,
    bos_token_id: vocabulary.get(SPECIAL.begin),
    eos_token_id: vocabulary.get(SPECIAL.end),
    torch_dtype: 'float32',
  };
}

/** A weight [in, out] as the file has it: [out, in] where it is transposed there. */
export function storedWeight({ shape, transpose }: PlannedWeight, values: Float32Array): NamedArray {
  const [rows, columns] = shape as [number, number];
  if (!transpose) return { shape, values };
  const stored = Float32Array.from(values, (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!);
  return { shape: [columns, rows], values: stored };
}
