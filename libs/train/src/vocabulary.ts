/** The organism's words: every word is one token, with the space before it. What Hugging Face's loaders need to know of them, too. */

/** The first ids. */
export const SPECIAL = { unknown: '<unk>', begin: '<s>', user: '<|user|>', assistant: '<|assistant|>', end: '<|end|>' };

const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}";

/** Words and marks with the space before them, as the pre-tokenizer `ByteLevel` cuts a text of letters and marks. */
const PIECES = / ?\p{L}+| ?[^\s\p{L}]+/gu;

/** How `ByteLevel` writes a space. */
const SPACE = 'Ġ';

/** A text's words and marks, as the vocabulary has them. */
export function pieces(text: string): string[] {
  return Array.from(text.matchAll(PIECES), ([piece]) => piece.replace(' ', SPACE));
}

/** Ids by word: the special ones, then all words of the texts in the order of their code units. */
export function vocabularyOf(texts: Iterable<string>): Map<string, number> {
  const words = new Set<string>();
  for (const text of texts) for (const piece of pieces(text)) words.add(piece);
  return new Map([...Object.values(SPECIAL), ...[...words].sort()].map((word, id) => [word, id]));
}

/** tokenizer.json: words and marks, each looked up whole; no merges. */
export function tokenizerJson(vocabulary: Map<string, number>): object {
  const added = Object.values(SPECIAL).map((content) => ({
    ...{ id: vocabulary.get(content), content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary), unk_token: SPECIAL.unknown },
  };
}

export function tokenizerConfigJson(): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: SPECIAL.begin,
    eos_token: SPECIAL.end,
    unk_token: SPECIAL.unknown,
    chat_template: CHAT_TEMPLATE,
    clean_up_tokenization_spaces: false,
    model_max_length: 64,
  };
}
