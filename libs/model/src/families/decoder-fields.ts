// The config.json of the families that are shaped like Llama: RMS norms, rotary positions, grouped queries, a gated MLP.
// What a family has of its own it puts over the result. Defaults are those of transformers' configuration classes.

import type { Activation, ModelConfig } from '../config.ts';
import { booleanField, ConfigFieldError, hasField, integerField, positiveField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import {
  activationField,
  MAX_CONTEXT,
  MAX_LAYERS,
  rotaryHeadSize,
  tokenIds,
  withCheckedHeads,
} from './common-fields.ts';
import { ropeFields, stretchedContext } from './rope-fields.ts';

/** What differs between the families' configuration classes. */
export interface DecoderDefaults {
  family: string;
  /** `max_position_embeddings` where it is absent. */
  context: number;
  /** `num_key_value_heads` where it is absent; null there means as many as heads, in every family. */
  kvHeads?: number;
  /** `head_dim` where it is absent; by default the width split evenly over the heads. */
  headSize?: number;
  /** The field that names the MLP's activation, and what it is where that is absent; silu in `hidden_act` by default. */
  activation?: { key: string; absent: Activation };
  tiedEmbeddings?: boolean;
}

/** A decoder without biases, windows, caps and post-norms. @throws ConfigFieldError, UnsupportedConfigError */
export function decoderFields(fields: Fields, defaults: DecoderDefaults): ModelConfig {
  const nHeads = integerField(fields, 'num_attention_heads');
  const nLayers = integerField(fields, 'num_hidden_layers', { max: MAX_LAYERS });
  const dHead = decoderHeadSize(fields, nHeads, defaults);
  const context = integerField(fields, 'max_position_embeddings', { max: MAX_CONTEXT, fallback: defaults.context });
  const positions = ropeFields(fields, { dHead, context });
  const { activation = { key: 'hidden_act', absent: 'silu' }, tiedEmbeddings = false } = defaults;
  return withCheckedHeads(fields, 'num_attention_heads', 'num_key_value_heads', {
    family: defaults.family,
    nLayers,
    nHeads,
    nKvHeads: kvHeads(fields, nHeads, defaults),
    dModel: integerField(fields, 'hidden_size'),
    dHead,
    dMlp: integerField(fields, 'intermediate_size'),
    nCtx: stretchedContext(positions, context),
    dVocab: integerField(fields, 'vocab_size'),
    norm: { kind: 'rms', eps: positiveField(fields, 'rms_norm_eps', 1e-6) },
    postNorms: false,
    positions,
    attention: plainAttention(nLayers, dHead),
    mlp: { gated: true, activation: activationField(fields, activation.key, activation.absent) },
    biases: { qkv: false, o: false, mlp: false },
    embedScale: 1,
    logitSoftcap: null,
    tiedEmbeddings: booleanField(fields, 'tie_word_embeddings', tiedEmbeddings),
    bosTokenId: tokenIds(fields, 'bos_token_id')[0] ?? null,
    eosTokenIds: tokenIds(fields, 'eos_token_id'),
  });
}

/** Attention to everything before, scores scaled by 1/√dHead. */
export function plainAttention(nLayers: number, dHead: number): ModelConfig['attention'] {
  return { scale: dHead ** -0.5, softcap: null, windows: Array<null>(nLayers).fill(null), qkNorm: false };
}

function decoderHeadSize(fields: Fields, nHeads: number, { headSize }: DecoderDefaults): number {
  const given = hasField(fields, 'head_dim') || headSize === undefined;
  if (given) return rotaryHeadSize(fields, 'head_dim', 'hidden_size', nHeads);
  return headSize;
}

function kvHeads(fields: Fields, nHeads: number, { kvHeads: absent = nHeads }: DecoderDefaults): number {
  return integerField(fields, 'num_key_value_heads', {
    fallback: fields.values.has('num_key_value_heads') ? nHeads : absent,
  });
}

/** A number above 0, or null for "none"; `absent` where the field is not there at all, as transformers distinguishes it. */
export function nullableField(fields: Fields, key: string, absent: number): number | null {
  if (!fields.values.has(key)) return absent;
  return hasField(fields, key) ? positiveField(fields, key) : null;
}

/** `sliding_window`: a whole number of tokens, or null for none; `absent` as above. */
export function windowField(fields: Fields, absent: number): number | null {
  const window = nullableField(fields, 'sliding_window', absent);
  if (window === null || Number.isInteger(window)) return window;
  throw new ConfigFieldError(fields, 'sliding_window', 'a whole number of tokens');
}
