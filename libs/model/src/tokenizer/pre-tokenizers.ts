// How a text is cut before byte pair encoding, by GGUF's `tokenizer.ggml.pre`: the `pre_tokenizer` entries of
// tokenizer.json (patterns: llama.cpp's llama-vocab.cpp and the models' own files).

import { stringField } from '../fields.ts';
import type { Fields } from '../fields.ts';
import { UnsupportedTokenizerError } from './tokenizer.ts';

/** What depends on the name. */
export interface PreTokenizer {
  /** `pre_tokenizer` of tokenizer.json. */
  json: unknown;
  /** `normalizer` of tokenizer.json. */
  normalizer: unknown;
  /** Llama 3: a piece that is a whole vocabulary entry is taken without merging. */
  ignoreMerges: boolean;
  /** Whether a BOS comes first when the file does not say. */
  addsBos: boolean;
}

/** Bytes to printable characters; with `use_regex` it cuts as GPT-2 does. */
function byteLevel(useRegex: boolean) {
  return { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: useRegex };
}

function split(pattern: string) {
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false };
}

function sequence(...pretokenizers: unknown[]) {
  return { type: 'Sequence', pretokenizers };
}

/** Words, digits in groups of at most `digits`, and runs of all else: Llama 3's pattern, and Qwen's with digits one by one. */
function wordsAndDigits(digits: string): string {
  return (
    `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|` +
    '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+'
  );
}

const plain = { normalizer: null, ignoreMerges: false, addsBos: false };
const gpt2: PreTokenizer = { ...plain, json: byteLevel(true) };
const singleDigits: PreTokenizer = {
  ...plain,
  json: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
};
const llama3: PreTokenizer = {
  json: sequence(split(wordsAndDigits('\\p{N}{1,3}')), byteLevel(false)),
  normalizer: null,
  ignoreMerges: true,
  addsBos: true,
};
/** llama.cpp leaves out the normalization; the models' own tokenizers have it. */
const qwen2: PreTokenizer = {
  ...plain,
  json: sequence(split(wordsAndDigits('\\p{N}')), byteLevel(false)),
  normalizer: { type: 'NFC' },
};

const preTokenizers: ReadonlyMap<string, PreTokenizer> = new Map([
  ['gpt-2', gpt2],
  ['smollm', singleDigits],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
  ['qwen2', qwen2],
]);

/** By `tokenizer.ggml.pre`; GPT-2's where the file does not say. @throws UnsupportedTokenizerError */
export function preTokenizerOf(fields: Fields): PreTokenizer {
  const name = stringField(fields, 'tokenizer.ggml.pre') ?? 'gpt-2';
  const found = preTokenizers.get(name);
  if (found !== undefined) return found;
  throw new UnsupportedTokenizerError(fields.file, 'tokenizer.ggml.pre', name, [...preTokenizers.keys()]);
}
