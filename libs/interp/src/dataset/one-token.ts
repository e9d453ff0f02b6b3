/** Words that are one token in their place, and how an answer must be written to be that token. */
import type { Tokenizer } from '@demur/model';
import { encodePrompt } from './encode.ts';

/**
 * `word` as the text of the one token that it is after `before` (`" Mary"` where tokens hold their leading space);
 * undefined where it is several tokens, or shares one with what stands before it.
 */
export function oneTokenText(word: string, before: string, tokenizer: Tokenizer): string | undefined {
  const { tokens, roles } = encodePrompt({ text: `${before}{word}`, slots: { word } }, tokenizer, 'word');
  const positions = roles['word']!;
  if (positions.length > 1) return undefined;
  const id = tokens[positions[0]!]!;
  return [word, ` ${word}`].find((text) => {
    const ids = tokenizer.encode(text, { addSpecialTokens: false });
    return ids.length === 1 && ids[0] === id && [text, ` ${text}`].includes(tokenizer.decodeToken(id));
  });
}

/** Those of `words` that are one token after `before`, and a sentence on each other one. */
export function oneTokenWords(
  words: readonly string[],
  before: string,
  { tokenizer, dropped }: { tokenizer: Tokenizer; dropped: string[] },
): { word: string; text: string }[] {
  return words.flatMap((word) => {
    const text = oneTokenText(word, before, tokenizer);
    if (text !== undefined) return [{ word, text }];
    dropped.push(`"${word}": it is not one token on this model`);
    return [];
  });
}
