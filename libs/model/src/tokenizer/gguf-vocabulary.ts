// The token list of a GGUF file with each token's type and, for SentencePiece, its score.

import { hasField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { InvalidTokenizerError } from './tokenizer.ts';

/** llama.cpp's token types that matter here. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const;

/** Lists of equal length, by token id. */
export interface GgufVocabulary {
  tokens: string[];
  types: number[];
  /** Higher merges first; empty where the file has none. */
  scores: number[];
}

/** @throws InvalidTokenizerError */
export function readGgufVocabulary(fields: Fields): GgufVocabulary {
  const tokens = listOf(fields, 'tokenizer.ggml.tokens', isString);
  const types = optionalNumbers(fields, 'tokenizer.ggml.token_type', tokens.length);
  return {
    tokens,
    types: types ?? tokens.map(() => TOKEN_TYPE.normal),
    scores: optionalNumbers(fields, 'tokenizer.ggml.scores', tokens.length) ?? [],
  };
}

function optionalNumbers(fields: Fields, key: string, length: number): number[] | null {
  if (!hasField(fields, key)) return null;
  const values = listOf(fields, key, isNumber);
  if (values.length === length) return values;
  throw new InvalidTokenizerError(fields.file, `"${key}" has ${values.length} entries for ${length} tokens`);
}

function listOf<T>(fields: Fields, key: string, isItem: (item: unknown) => item is T): T[] {
  const value = fields.values.get(key);
  if (Array.isArray(value) && value.every(isItem)) return value;
  throw new InvalidTokenizerError(fields.file, `"${key}" holds entries of the wrong type`);
}

function isString(item: unknown): item is string {
  return typeof item === 'string';
}

function isNumber(item: unknown): item is number {
  return typeof item === 'number';
}
