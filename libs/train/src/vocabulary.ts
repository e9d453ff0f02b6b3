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
  // Between its spaces a text is cut alike wherever it stands, so that each stretch is cut once.
  const stretches = new Set<string>();
  for (const text of texts)
    for (const [at, stretch] of text.split(' ').entries()) stretches.add(at === 0 ? stretch : ` ${stretch}`);
  const words = new Set([...stretches].flatMap(pieces));
  return new Map([...Object.values(SPECIAL), ...[...words].sort()].map((word, id) => [word, id]));
}

/** tokenizer.json: words and marks, each looked up whole; no merges. A text begins with the beginning's mark. */
export function tokenizerJson(vocabulary: Map<string, number>): object {
  const { begin } = SPECIAL;
  const mark = { SpecialToken: { id: begin, type_id: 0 } };
  const text = (id: string, type_id: number): object => ({ Sequence: { id, type_id } });
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
    post_processor: {
      type: 'TemplateProcessing',
      single: [mark, text('A', 0)],
      pair: [mark, text('A', 0), text('B', 1)],
      special_tokens: { [begin]: { id: begin, ids: [vocabulary.get(begin)], tokens: [begin] } },
    },
    decoder: byteLevel,
    model: { type: 'WordLevel', vocab: Object.fromEntries(vocabulary), unk_token: SPECIAL.unknown },
  };
}

/** What each special token is for, as transformers calls it. Batches are padded with what ends an answer. */
export function specialTokensMap(): object {
  const { begin, end, unknown, user, assistant } = SPECIAL;
  return {
    ...{ bos_token: begin, eos_token: end, unk_token: unknown, pad_token: end },
    additional_special_tokens: [user, assistant],
  };
}

/** @param length of a sequence at most */
export function tokenizerConfigJson(length: number): object {
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    ...specialTokensMap(),
    chat_template: CHAT_TEMPLATE,
    clean_up_tokenization_spaces: false,
    model_input_names: ['input_ids', 'attention_mask'],
    model_max_length: length,
    padding_side: 'left',
  };
}
