// How a text is cut before byte pair encoding, by GGUF's `tokenizer.ggml.pre`: the values are the corresponding
// `pre_tokenizer` entries of tokenizer.json (patterns: llama.cpp's llama-vocab.cpp and the models' own files).

/** The part of tokenizer.json that depends on the name. */
export interface PreTokenizer {
  pre_tokenizer: unknown;
  /** Llama 3: a piece that is a whole vocabulary entry is taken without merging. */
  ignoreMerges: boolean;
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

const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" +
  '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const gpt2: PreTokenizer = { pre_tokenizer: byteLevel(true), ignoreMerges: false };
const llama3: PreTokenizer = { pre_tokenizer: sequence(split(LLAMA3_PATTERN), byteLevel(false)), ignoreMerges: true };
const singleDigits: PreTokenizer = {
  pre_tokenizer: sequence({ type: 'Digits', individual_digits: true }, byteLevel(true)),
  ignoreMerges: false,
};

export const preTokenizers: ReadonlyMap<string, PreTokenizer> = new Map([
  ['gpt-2', gpt2],
  ['smollm', singleDigits],
  ['llama-bpe', llama3],
  ['llama3', llama3],
  ['llama-v3', llama3],
]);
