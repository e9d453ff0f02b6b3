// The tokenizer and chat template of a GGUF file: its metadata rewritten as tokenizer.json says it.

import { booleanField, hasField, integerField, stringField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { GgufMetadata } from '../weights/gguf.ts';
import { createTokenizer } from './create-tokenizer.ts';
import { readGgufVocabulary, TOKEN_TYPE } from './gguf-vocabulary.ts';
import type { GgufVocabulary } from './gguf-vocabulary.ts';
import { preTokenizerOf } from './pre-tokenizers.ts';
import { sentencePieceMerges } from './sentence-piece-merges.ts';
import { InvalidTokenizerError, TokenizerMissingError, UnsupportedTokenizerError } from './tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Whether the metadata carry a vocabulary. */
export function hasGgufTokenizer(metadata: GgufMetadata): boolean {
  return metadata.has('tokenizer.ggml.model') && metadata.has('tokenizer.ggml.tokens');
}

/** `tokenizer.chat_template`, or null. */
export function chatTemplateOfGguf(fields: Fields): string | null {
  return stringField(fields, 'tokenizer.chat_template') ?? null;
}

/** What a kind of tokenizer contributes to tokenizer.json, and whether it puts a BOS first unless told otherwise. */
interface KindParts {
  json: Record<string, unknown>;
  addsBos: boolean;
}

/** By `tokenizer.ggml.model`. */
const kinds: ReadonlyMap<string, (fields: Fields, vocabulary: GgufVocabulary) => KindParts> = new Map([
  ['gpt2', bytePairParts],
  ['llama', sentencePieceParts],
]);

/** @throws TokenizerMissingError, UnsupportedTokenizerError, InvalidTokenizerError */
export async function tokenizerOfGguf(fields: Fields, dVocab: number): Promise<Tokenizer> {
  if (!hasGgufTokenizer(fields.values)) throw new TokenizerMissingError(fields.file, '"tokenizer.ggml.tokens"');
  const vocabulary = readGgufVocabulary(fields);
  const model = stringField(fields, 'tokenizer.ggml.model')!;
  const kind = kinds.get(model);
  if (kind === undefined) {
    throw new UnsupportedTokenizerError(fields.file, 'tokenizer.ggml.model', model, [...kinds.keys()]);
  }
  const { json, addsBos } = kind(fields, vocabulary);
  const bos = specialToken(fields, 'bos', vocabulary);
  const post = booleanField(fields, 'tokenizer.ggml.add_bos_token', addsBos) ? bosFirst(bos) : null;
  return createTokenizer({
    path: fields.file,
    tokenizer: { version: '1.0', added_tokens: addedTokens(vocabulary), post_processor: post, ...json },
    config: { bos_token: bos?.content ?? null, eos_token: specialToken(fields, 'eos', vocabulary)?.content ?? null },
    chatTemplate: chatTemplateOfGguf(fields),
    dVocab,
  });
}

/** Byte pair encoding over bytes, as GPT-2, Llama 3, Qwen and SmolLM2 have it. */
function bytePairParts(fields: Fields, { tokens }: GgufVocabulary): KindParts {
  const merges = fields.values.get('tokenizer.ggml.merges');
  if (!Array.isArray(merges) || merges.some((merge) => typeof merge !== 'string' || !/^\S+ \S+$/.test(merge))) {
    throw new InvalidTokenizerError(fields.file, '"tokenizer.ggml.merges" is no list of pairs');
  }
  const { json, normalizer, ignoreMerges, addsBos } = preTokenizerOf(fields);
  const model = { type: 'BPE', vocab: idsByToken(tokens), merges, ignore_merges: ignoreMerges };
  return { json: { normalizer, pre_tokenizer: json, model, decoder: { type: 'ByteLevel' } }, addsBos };
}

/** SentencePiece, as Llama 1 and 2 and Gemma have it: spaces are "▁", characters outside the vocabulary fall back to bytes. */
function sentencePieceParts(fields: Fields, vocabulary: GgufVocabulary): KindParts {
  const prefix = booleanField(fields, 'tokenizer.ggml.add_space_prefix', true);
  const unknown = specialToken(fields, 'unknown', vocabulary)?.content ?? vocabulary.tokens[0];
  const model = {
    type: 'BPE',
    vocab: idsByToken(vocabulary.tokens),
    merges: sentencePieceMerges(fields.file, vocabulary),
    unk_token: unknown,
    byte_fallback: true,
    fuse_unk: true,
  };
  const toMarks = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  const toSpaces = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
  const normalizers = [...(prefix ? [{ type: 'Prepend', prepend: '▁' }] : []), toMarks];
  const strip = prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [];
  const decoders = [toSpaces, { type: 'ByteFallback' }, { type: 'Fuse' }, ...strip];
  const json = {
    pre_tokenizer: null,
    normalizer: { type: 'Sequence', normalizers },
    model,
    decoder: { type: 'Sequence', decoders },
  };
  return { json, addsBos: true };
}

function idsByToken(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** Tokens that are recognised in a text before it is cut. */
function addedTokens({ tokens, types }: GgufVocabulary) {
  const added: readonly number[] = [TOKEN_TYPE.unknown, TOKEN_TYPE.control, TOKEN_TYPE.userDefined];
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return tokens.flatMap((content, id) =>
    added.includes(types[id]!) ? [{ id, content, special: types[id] !== TOKEN_TYPE.userDefined, ...plain }] : [],
  );
}

interface SpecialToken {
  id: number;
  content: string;
}

function specialToken(fields: Fields, which: string, { tokens }: GgufVocabulary): SpecialToken | null {
  const key = `tokenizer.ggml.${which}_token_id`;
  if (!hasField(fields, key)) return null;
  const id = integerField(fields, key, { min: 0, max: tokens.length - 1 });
  return { id, content: tokens[id]! };
}

function bosFirst(bos: SpecialToken | null) {
  if (bos === null) return null;
  const { id, content } = bos;
  return {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: content, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [],
    special_tokens: { [content]: { id: content, ids: [id], tokens: [content] } },
  };
}
