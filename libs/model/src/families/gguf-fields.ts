// What GGUF's `<architecture>.*` metadata say of the families that are shaped like Llama, as llama.cpp reads them. Every key
// that is not known here is refused: llama.cpp writes a key for what an architecture does, not for what it might do.

import type { ModelConfig, RopeScaling, RotaryPositions } from '../config.ts';
import { ConfigFieldError, hasField, integerField, positiveField, requireNeutral } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { MAX_CONTEXT, MAX_LAYERS, rotaryHeadSize, tokenIds, withCheckedHeads } from './common-fields.ts';
import { plainAttention } from './decoder-fields.ts';
import type { GgufTensors } from './family.ts';
import { stretchedContext } from './rope-fields.ts';

/** Keys that are read. */
const knownKeys = [
  'block_count',
  'context_length',
  'embedding_length',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'vocab_size',
];

/** Keys that change results, with the values that do not. */
const neutralKeys: ReadonlyMap<string, readonly unknown[]> = new Map<string, readonly unknown[]>([
  ['expert_count', [0]],
  ['expert_used_count', [0]],
  ['use_parallel_residual', [false]],
  ['tensor_data_layout', ['Meta AI original pth']],
  ['attention.causal', [true]],
  ['rope.scaling.attn_factor', [1]],
]);

const decoderKeys = [
  'attention.key_length',
  'attention.value_length',
  'attention.layer_norm_rms_epsilon',
  'rope.freq_base',
  'rope.dimension_count',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scaling.original_context_length',
  'rope.scaling.finetuned',
  'rope.scale_linear',
];

/** @throws UnsupportedConfigError for a key of the architecture that is neither known here nor one of `own` */
export function requireKnownKeys(fields: Fields, architecture: string, own: readonly string[] = []): void {
  const known = new Set([...knownKeys, ...own].map((key) => `${architecture}.${key}`));
  for (const key of fields.values.keys()) {
    if (!key.startsWith(`${architecture}.`) || known.has(key)) continue;
    requireNeutral(fields, key, neutralKeys.get(key.slice(architecture.length + 1)) ?? []);
  }
}

/** A decoder without windows, caps and post-norms; biases where the file has them. @throws ConfigFieldError */
export function ggufDecoder(
  fields: Fields,
  { entries, ropeFactors }: GgufTensors,
  { architecture, family, own = [] }: { architecture: string; family: string; own?: readonly string[] },
): ModelConfig {
  requireKnownKeys(fields, architecture, [...decoderKeys, ...own]);
  const key = (name: string): string => `${architecture}.${name}`;
  const nHeads = integerField(fields, key('attention.head_count'));
  const nLayers = integerField(fields, key('block_count'), { max: MAX_LAYERS });
  const dHead = rotaryHeadSize(fields, key('attention.key_length'), key('embedding_length'), nHeads);
  for (const same of ['rope.dimension_count', 'attention.value_length']) requireNeutral(fields, key(same), [dHead]);
  const context = integerField(fields, key('context_length'), { max: MAX_CONTEXT });
  const positions = rotaryPositions(fields, architecture, { dHead, ropeFactors });
  return withCheckedHeads(fields, key('attention.head_count'), key('attention.head_count_kv'), {
    family,
    nLayers,
    nHeads,
    nKvHeads: integerField(fields, key('attention.head_count_kv'), { fallback: nHeads }),
    dModel: integerField(fields, key('embedding_length')),
    dHead,
    dMlp: integerField(fields, key('feed_forward_length')),
    nCtx: stretchedContext(positions, context),
    dVocab: ggufVocabularySize(fields, architecture),
    norm: { kind: 'rms', eps: positiveField(fields, key('attention.layer_norm_rms_epsilon')) },
    postNorms: false,
    positions,
    attention: plainAttention(nLayers, dHead),
    mlp: { gated: true, activation: 'silu' },
    biases: {
      qkv: entries.has('blk.0.attn_q.bias'),
      o: entries.has('blk.0.attn_output.bias'),
      mlp: entries.has('blk.0.ffn_up.bias'),
    },
    embedScale: 1,
    logitSoftcap: null,
    tiedEmbeddings: !entries.has('output.weight'),
    ...ggufTokenIds(fields),
  });
}

/** The vocabulary's size, by its own key or the length of the token list. @throws ConfigFieldError */
export function ggufVocabularySize(fields: Fields, architecture: string): number {
  const tokens = fields.values.get('tokenizer.ggml.tokens');
  return integerField(fields, `${architecture}.vocab_size`, Array.isArray(tokens) ? { fallback: tokens.length } : {});
}

export function ggufTokenIds(fields: Fields): Pick<ModelConfig, 'bosTokenId' | 'eosTokenIds'> {
  const end = [...tokenIds(fields, 'tokenizer.ggml.eos_token_id'), ...tokenIds(fields, 'tokenizer.ggml.eot_token_id')];
  return {
    bosTokenId: tokenIds(fields, 'tokenizer.ggml.bos_token_id')[0] ?? null,
    eosTokenIds: [...new Set(end)],
  };
}

function rotaryPositions(
  fields: Fields,
  architecture: string,
  { dHead, ropeFactors }: { dHead: number; ropeFactors: readonly number[] | null },
): RotaryPositions {
  const theta = positiveField(fields, `${architecture}.rope.freq_base`, 10_000);
  const linear = linearFactor(fields, architecture);
  const scaling: RopeScaling | null = linear === 1 ? null : { kind: 'linear', factor: linear };
  if (ropeFactors === null) return { kind: 'rotary', theta, scaling };
  if (ropeFactors.length !== dHead / 2) {
    const key = hasField(fields, `${architecture}.attention.key_length`) ? 'attention.key_length' : 'embedding_length';
    const expected = `one that gives ${2 * ropeFactors.length} dimensions per head, since "rope_freqs.weight" has ${ropeFactors.length} values`;
    throw new ConfigFieldError(fields, `${architecture}.${key}`, expected);
  }
  return { kind: 'rotary', theta, scaling: { kind: 'factors', factors: ropeFactors.map((factor) => factor * linear) } };
}

/** Where a factor is given without a type it is linear. */
function linearFactor(fields: Fields, architecture: string): number {
  const type = `${architecture}.rope.scaling.type`;
  requireNeutral(fields, type, ['none', 'linear']);
  const old = positiveField(fields, `${architecture}.rope.scale_linear`, 1);
  const factor = positiveField(fields, `${architecture}.rope.scaling.factor`, old);
  return fields.values.get(type) === 'none' ? 1 : factor;
}
