// Fields of config.json that change results in some models, with the values that change nothing. A family reads those that
// it implements; all others must be neutral. Fields that are not listed say nothing about results, or nothing to these families.

import { requireNeutral } from '../fields.ts';
import type { Fields } from '../fields.ts';

const neutralValues: Record<string, readonly unknown[]> = {
  quantization_config: [],
  compression_config: [],
  auto_map: [],
  pruned_heads: [{}],
  is_encoder_decoder: [false],
  add_cross_attention: [false],
  is_causal: [true],
  use_bidirectional_attention: [false],
  chunk_size_feed_forward: [0],
  // Attention
  sliding_window: [],
  use_sliding_window: [false],
  layer_types: [],
  attention_chunk_size: [],
  query_pre_attn_scalar: [],
  attn_logit_softcapping: [],
  attention_multiplier: [],
  attn_temperature_tuning: [false],
  scale_attn_by_inverse_layer_idx: [false],
  use_qk_norm: [false],
  qk_layernorm: [false],
  qk_norm: [false],
  clip_qkv: [],
  use_attention_sinks: [false],
  alibi: [false],
  // Positions
  rope_interleaved: [false],
  partial_rotary_factor: [1],
  no_rope_layers: [],
  no_rope_layer_interval: [],
  use_mrope: [false],
  // Residual stream and logits
  embedding_multiplier: [1],
  residual_multiplier: [1],
  logits_scaling: [1],
  logit_scale: [1],
  final_logit_softcapping: [],
  use_parallel_residual: [false],
  parallel_attn: [false],
  // Mixtures of experts
  num_experts: [0, 1],
  num_local_experts: [0, 1],
  n_routed_experts: [0],
};

/** Requires that every field but those in `read`, which the caller implements, is neutral. @throws UnsupportedConfigError */
export function requireNeutralFields(fields: Fields, read: readonly string[] = []): void {
  for (const [key, neutral] of Object.entries(neutralValues)) {
    if (!read.includes(key)) requireNeutral(fields, key, neutral);
  }
}
