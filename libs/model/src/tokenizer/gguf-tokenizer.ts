// The tokenizer and chat template of a GGUF file: its metadata rewritten as tokenizer.json says it.

import { hasField, integerField, stringField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { GgufMetadata } from '../weights/gguf.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { preTokenizers } from './pre-tokenizers.ts';
import { InvalidTokenizerError, TokenizerMissingError, UnsupportedTokenizerError } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** llama.cpp's token types. */
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

/** Whether the metadata carry a vocabulary. */
export function hasGgufTokenizer(metadata: GgufMetadata): boolean {
  return metadata.has('tokenizer.ggml.model') && metadata.has('tokenizer.ggml.tokens');
}

/** `tokenizer.chat_template`, or null. */
export function chatTemplateOfGguf(fields: Fields): string | null {
  return stringField(fields, 'tokenizer.chat_template') ?? null;
}

/** @throws TokenizerMissingError, UnsupportedTokenizerError, InvalidTokenizerError */
export async function tokenizerOfGguf(fields: Fields): Promise<Tokenizer> {
  if (!hasGgufTokenizer(fields.values)) throw new TokenizerMissingError(fields.file, '"tokenizer.ggml.tokens"');
  const vocabulary = readVocabulary(fields);
  return createTokenizer({
    path: fields.file,
    tokenizer: { version: '1.0', added_tokens: addedTokens(vocabulary), ...bpeParts(fields, vocabulary) },
    config: {
      bos_token: specialToken(fields, 'bos', vocabulary),
      eos_token: specialToken(fields, 'eos', vocabulary),
    },
    chatTemplate: chatTemplateOfGguf(fields),
  });
}

interface Vocabulary {
  tokens: string[];
  types: number[];
}

function readVocabulary(fields: Fields): Vocabulary {
  const tokens = listOf(fields, 'tokenizer.ggml.tokens', 'string') as string[];
  const types = hasField(fields, 'tokenizer.ggml.token_type')
    ? (listOf(fields, 'tokenizer.ggml.token_type', 'number') as number[])
    : tokens.map(() => 1);
  if (types.length === tokens.length) return { tokens, types };
  throw new InvalidTokenizerError(fields.file, `${tokens.length} tokens but ${types.length} token types`);
}

function listOf(fields: Fields, key: string, type: 'string' | 'number'): unknown[] {
  const value = fields.values.get(key);
  if (Array.isArray(value) && value.every((item) => typeof item === type)) return value;
  throw new InvalidTokenizerError(fields.file, `"${key}" is no list of ${type}s`);
}

/** Tokens that are recognised in a text before it is cut. */
function addedTokens({ tokens, types }: Vocabulary) {
  return tokens.flatMap((content, id) => {
    const type = types[id]!;
    if (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN) return [];
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type !== USER_DEFINED,
      },
    ];
  });
}

function specialToken(fields: Fields, which: 'bos' | 'eos', { tokens }: Vocabulary): string | null {
  const key = `tokenizer.ggml.${which}_token_id`;
  if (!hasField(fields, key)) return null;
  return tokens[integerField(fields, key, { min: 0, max: tokens.length - 1 })]!;
}

/** Byte pair encoding over bytes, as GPT-2 and Llama 3 have it. */
function bpeParts(fields: Fields, { tokens }: Vocabulary): Record<string, unknown> {
  const model = stringField(fields, 'tokenizer.ggml.model');
  if (model !== 'gpt2') {
    throw new UnsupportedTokenizerError(fields.file, 'tokenizer.ggml.model', `"${model}"`, '"gpt2"');
  }
  const name = stringField(fields, 'tokenizer.ggml.pre') ?? 'gpt-2';
  const preTokenizer = preTokenizers.get(name);
  if (preTokenizer === undefined) {
    const supported = [...preTokenizers.keys()].map((known) => `"${known}"`).join(', ');
    throw new UnsupportedTokenizerError(fields.file, 'tokenizer.ggml.pre', `"${name}"`, supported);
  }
  return {
    normalizer: null,
    pre_tokenizer: preTokenizer.pre_tokenizer,
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: listOf(fields, 'tokenizer.ggml.merges', 'string'),
      ignore_merges: preTokenizer.ignoreMerges,
      byte_fallback: false,
      fuse_unk: false,
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    post_processor: null,
  };
}
