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
  return placed(wholeTokens(tokens, tokenizer), text) ?? placed(writtenTokens(tokens, tokenizer), text);
}

/** The spans of pieces that end with `text`, counted from its start. */
function placed(pieces: readonly string[], text: string): TokenSpan[] | undefined {
  const spelled = pieces.join('');
  if (!spelled.endsWith(text)) return undefined;
  let at = text.length - spelled.length;
  const spans = pieces.map((piece) => ({ start: Math.max(0, at), end: Math.max(0, (at += piece.length)) }));
  return withWholeCharacters(spans, pieces);
}

/** Tokens of an unfinished character have empty pieces: they get the place of the piece that ends it. */
function withWholeCharacters(spans: TokenSpan[], pieces: readonly string[]): TokenSpan[] {
  return spans.map((span, at) => {
    const end = pieces[at] === '' ? pieces.findIndex((piece, i) => i > at && piece !== '') : at;
    return spans[end] ?? span;
  });
}

/** Each token by itself: right where no character takes several. */
function wholeTokens(tokens: readonly number[], tokenizer: Tokenizer): string[] {
  const known = texts.get(tokenizer) ?? new Map<number, string>();
  texts.set(tokenizer, known);
  return tokens.map((id) => {
    const text = known.get(id) ?? tokenizer.decodeToken(id);
    known.set(id, text);
    return text;
  });
}

/** Of tokens that have been asked for: decoding one takes a tenth of a millisecond. */
const texts = new WeakMap<Tokenizer, Map<number, string>>();

/** As the text grows, token by token. */
function writtenTokens(tokens: readonly number[], tokenizer: Tokenizer): string[] {
  const pieces = new TextPieces(tokenizer);
  return tokens.map((token, at) => pieces.push(token) + (at === tokens.length - 1 ? pieces.end() : ''));
}
