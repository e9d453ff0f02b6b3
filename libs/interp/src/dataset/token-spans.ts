/** Which characters of a text each of its tokens stands for, read off the tokens themselves: no text is encoded twice. */
import { TextPieces, type Tokenizer } from '@demur/model';

/** Characters from `start` to one before `end`. Tokens that make up one character together all have its place. */
export interface TokenSpan {
  start: number;
  end: number;
}

/**
 * The span of every token of `text`; tokens that were put before it, such as BOS, have empty ones.
 * Undefined where the tokens do not spell the text, since the tokenizer normalises it.
 */
export function tokenSpans(tokens: readonly number[], text: string, tokenizer: Tokenizer): TokenSpan[] | undefined {
  const spans = spansOf(tokens, tokenizer);
  const spelled = tokens.length === 0 ? '' : spans.text;
  const shift = spelled.length - text.length;
  if (shift < 0 || !spelled.endsWith(text)) return undefined;
  return spans.spans.map(({ start, end }) => ({ start: Math.max(0, start - shift), end: Math.max(0, end - shift) }));
}

/** Pieces one after the other; the tokens of an unfinished character wait for its end. */
function spansOf(tokens: readonly number[], tokenizer: Tokenizer): { text: string; spans: TokenSpan[] } {
  const pieces = new TextPieces(tokenizer);
  const spans: TokenSpan[] = [];
  let text = '';
  for (const [at, token] of tokens.entries()) {
    const start = text.length;
    text += pieces.push(token) + (at === tokens.length - 1 ? pieces.end() : '');
    if (text.length > start) while (spans.length <= at) spans.push({ start, end: text.length });
  }
  while (spans.length < tokens.length) spans.push({ start: text.length, end: text.length });
  return { text, spans };
}
