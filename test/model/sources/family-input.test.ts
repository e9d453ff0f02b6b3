// Configurations of every family that contradict themselves or ask for what is not implemented: each is refused before any
// weight is read, by an error that names the field.
import { join } from 'node:path';
import { ConfigFieldError, DemurError, openModelSource, UnsupportedConfigError } from '@demur/model';
import { describe, expect, it } from 'vitest';
import { familyOfGguf } from '../../../libs/model/src/families/index.ts';
import { copyOf, editHeader, editJson } from './model-files.ts';

async function refusal(path: string): Promise<{ code: string; message: string }> {
  try {
    await openModelSource(path);
  } catch (error) {
    if (error instanceof DemurError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('was not refused');
}

describe('config.json', () => {
  const [GPT2, GEMMA2, QWEN2] = ['open/gpt2/model', 'open/gemma2/model', 'open/qwen2/model'];
  const [QWEN3, MISTRAL, LLAMA] = ['families/qwen3/model', 'families/mistral_window/model', 'open/llama_mha/model'];
  const wrong: [model: string, changes: Record<string, unknown>, code: string, parts: string[]][] = [
    [GPT2, { n_head: 0 }, 'INVALID_CONFIG', ['n_head', '0']],
    [GPT2, { n_head: 5 }, 'INVALID_CONFIG', ['n_embd', '32', '5 heads']],
    [GPT2, { n_positions: 1e9 }, 'INVALID_CONFIG', ['n_positions', '1000000000']],
    [GPT2, { n_positions: 33 }, 'TENSOR_SHAPE', ['wpe.weight', '[32, 32]', '[33, 32]']],
    [GPT2, { n_inner: 64 }, 'TENSOR_SHAPE', ['mlp.c_fc.weight', '[32, 128]', '[32, 64]']],
    [GPT2, { n_layer: 4 }, 'MISSING_TENSOR', ['h.3.ln_1.weight']],
    [
      GPT2,
      { activation_function: 'quick_gelu' },
      'UNSUPPORTED_CONFIG',
      ['activation_function', 'quick_gelu', 'gelu_new'],
    ],
    [GPT2, { scale_attn_by_inverse_layer_idx: true }, 'UNSUPPORTED_CONFIG', ['scale_attn_by_inverse_layer_idx']],
    [GPT2, { add_cross_attention: true }, 'UNSUPPORTED_CONFIG', ['add_cross_attention']],
    [GPT2, { tie_word_embeddings: false }, 'MISSING_TENSOR', ['lm_head.weight']],
    [GPT2, { scale_attn_weights: 'yes' }, 'INVALID_CONFIG', ['scale_attn_weights', 'yes']],
    [GEMMA2, { sliding_window: null }, 'INVALID_CONFIG', ['sliding_window']],
    [GEMMA2, { sliding_window: 2.5 }, 'INVALID_CONFIG', ['sliding_window', '2.5']],
    [GEMMA2, { sliding_window: 0 }, 'INVALID_CONFIG', ['sliding_window', '0']],
    [GEMMA2, { layer_types: ['full_attention'] }, 'INVALID_CONFIG', ['layer_types', '4 entries']],
    [GEMMA2, { layer_types: Array(4).fill('chunked_attention') }, 'UNSUPPORTED_CONFIG', ['layer_types', 'chunked']],
    [GEMMA2, { attn_logit_softcapping: 0 }, 'INVALID_CONFIG', ['attn_logit_softcapping', '0']],
    [GEMMA2, { final_logit_softcapping: 'none' }, 'INVALID_CONFIG', ['final_logit_softcapping']],
    [GEMMA2, { query_pre_attn_scalar: -1 }, 'INVALID_CONFIG', ['query_pre_attn_scalar', '-1']],
    [GEMMA2, { hidden_activation: 'xielu' }, 'UNSUPPORTED_CONFIG', ['hidden_activation', 'xielu']],
    [GEMMA2, { use_bidirectional_attention: true }, 'UNSUPPORTED_CONFIG', ['use_bidirectional_attention']],
    [GEMMA2, { num_key_value_heads: 3 }, 'INVALID_CONFIG', ['num_key_value_heads', '3']],
    [GEMMA2, { head_dim: undefined }, 'TENSOR_SHAPE', ['q_proj.weight', '[1024, 24]']],
    [QWEN2, { layer_types: Array(3).fill('sliding_attention') }, 'INVALID_CONFIG', ['sliding_window']],
    [QWEN2, { num_experts: 8 }, 'UNSUPPORTED_CONFIG', ['num_experts', '8']],
    [QWEN2, { rope_scaling: { type: 'mrope', mrope_section: [1] } }, 'UNSUPPORTED_CONFIG', ['rope_scaling', 'mrope']],
    [QWEN2, { rope_scaling: { type: 'yarn', factor: 4 } }, 'UNSUPPORTED_CONFIG', ['rope_scaling', 'yarn']],
    [QWEN3, { attention_bias: false }, 'SURPLUS_TENSOR', ['_proj.bias']],
    [QWEN3, { rope_parameters: { full_attention: { rope_theta: 1e4 } } }, 'UNSUPPORTED_CONFIG', ['full_attention']],
    [MISTRAL, { layer_types: Array(3).fill('full_attention') }, 'UNSUPPORTED_CONFIG', ['layer_types']],
    [MISTRAL, { sliding_window: '4' }, 'INVALID_CONFIG', ['sliding_window', '"4"']],
    [MISTRAL, { num_key_value_heads: undefined }, 'INVALID_CONFIG', ['num_key_value_heads', 'a divisor']],
    [LLAMA, { layer_types: Array(3).fill('sliding_attention') }, 'INVALID_CONFIG', ['sliding_window']],
    [LLAMA, { rope_scaling: { type: 'dynamic' } }, 'INVALID_CONFIG', ['factor', 'is missing']],
    [LLAMA, { rope_scaling: { type: 'linear', factor: 2, mscale: 1 } }, 'UNSUPPORTED_CONFIG', ['mscale']],
    [LLAMA, { partial_rotary_factor: 0.5 }, 'UNSUPPORTED_CONFIG', ['partial_rotary_factor', '0.5']],
    [LLAMA, { attn_logit_softcapping: 50 }, 'UNSUPPORTED_CONFIG', ['attn_logit_softcapping', '50']],
    [LLAMA, { model_type: 'qwen3', architectures: ['Qwen3ForCausalLM'] }, 'MISSING_TENSOR', ['q_norm.weight']],
  ];

  it.each(wrong)('of %s with %j', async (model, changes, code, parts) => {
    const path = copyOf(model);
    editJson(join(path, 'config.json'), changes);
    const found = await refusal(path);
    expect(found).toMatchObject({ code });
    for (const part of parts) expect(found.message).toContain(part);
  });

  it.each(['F8_E4M3', 'F64', 'I8', 'U8', 'BOOL'])('with a weight that is stored as %s', async (dtype) => {
    const path = copyOf(GPT2);
    editHeader(
      join(path, 'model.safetensors'),
      (header) => void (header['transformer.h.0.attn.c_attn.weight']!.dtype = dtype),
    );
    const found = await refusal(path);
    expect(found.code).toBe('UNSUPPORTED_ELEMENT_TYPE');
    expect(found.message).toContain(`"transformer.h.0.attn.c_attn.weight" is stored as ${dtype}`);
  });
});

describe('GGUF metadata', () => {
  const sizes = { block_count: 2, context_length: 64, embedding_length: 32, feed_forward_length: 64, vocab_size: 60 };
  const rms = { 'attention.layer_norm_rms_epsilon': 1e-6 };

  function configOf(architecture: string, own: Record<string, unknown>) {
    const keys = { ...sizes, 'attention.head_count': 4, ...own };
    const values = new Map(Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value]));
    const fields = {
      file: 'x.gguf',
      values: new Map<string, unknown>([...values, ['general.architecture', architecture]]),
    };
    return familyOfGguf(fields).gguf.config(fields, { entries: new Map(), ropeFactors: null });
  }

  it('of a Gemma 2 that leaves fields out is read as llama.cpp reads it', () => {
    const config = configOf('gemma2', { ...rms, block_count: 46, 'attention.key_length': 16 });
    expect(config).toMatchObject({
      logitSoftcap: 30,
      tiedEmbeddings: true,
      attention: { softcap: 50, scale: 8 ** -0.5 },
    });
    expect(config.attention.windows.slice(0, 3)).toEqual([4096, null, 4096]);
    expect(configOf('gemma2', { ...rms, 'attention.key_length': 16 }).attention.scale).toBe(1 / 4);
  });

  const wrong: [architecture: string, own: Record<string, unknown>, kind: typeof ConfigFieldError, part: string][] = [
    ['gpt2', {}, ConfigFieldError, 'gpt2.attention.layer_norm_epsilon'],
    ['gpt2', { 'attention.layer_norm_epsilon': 1e-5, 'attention.head_count_kv': 2 }, ConfigFieldError, 'head_count_kv'],
    ['gpt2', { 'attention.layer_norm_epsilon': 1e-5, 'attention.head_count': 5 }, ConfigFieldError, '5 heads'],
    [
      'gpt2',
      { 'attention.layer_norm_epsilon': 1e-5, 'rope.freq_base': 1e4 },
      UnsupportedConfigError,
      'gpt2.rope.freq_base',
    ],
    ['gemma2', { ...rms, 'attention.sliding_window': 2.5 }, ConfigFieldError, 'gemma2.attention.sliding_window'],
    ['gemma2', { ...rms, 'attention.scale': 2 }, UnsupportedConfigError, 'gemma2.attention.scale'],
    ['qwen2', { ...rms, 'rope.dimension_sections': [1, 2] }, UnsupportedConfigError, 'qwen2.rope.dimension_sections'],
    ['qwen2', { ...rms, 'attention.sliding_window': 8 }, UnsupportedConfigError, 'qwen2.attention.sliding_window'],
    ['qwen2', { ...rms, 'rope.scaling.type': 'yarn' }, UnsupportedConfigError, 'yarn'],
    ['qwen3', { ...rms, constructor: 1 }, UnsupportedConfigError, 'qwen3.constructor'],
    ['qwen3', { ...rms, expert_count: 8 }, UnsupportedConfigError, 'qwen3.expert_count'],
    ['qwen3', { ...rms, 'attention.head_count': [4, 4] }, ConfigFieldError, 'qwen3.attention.head_count'],
    [
      'llama',
      { ...rms, 'attention.key_length': 16, 'attention.value_length': 8 },
      UnsupportedConfigError,
      'value_length',
    ],
    ['llama', { ...rms, context_length: 1e9 }, ConfigFieldError, 'llama.context_length'],
  ];

  it.each(wrong)('of %s with %j is refused', (architecture, own, kind, part) => {
    const read = (): unknown => configOf(architecture, own);
    expect(read).toThrow(kind);
    expect(read).toThrow(part);
  });
});
