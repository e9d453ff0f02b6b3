/**
 * Text while it is written, token by token. A character may take several tokens, and some decoders treat the first token
 * of a text differently, so a piece is what the text grew by, given out once its last character is whole.
 */
import type { Tokenizer } from './tokenizer/tokenizer.ts';

/** What a decoder writes for bytes that are no character, or not yet. */
const INCOMPLETE = '\u{FFFD}';

/** Takes tokens and gives their text in pieces; the pieces of a sequence join to its text. */
export class TextPieces {
  readonly #tokenizer: Tokenizer;
  /** Tokens since the last but one piece: enough context for the decoder, and never the whole sequence. */
  #tokens: number[] = [];
  /** How many of them have been given out. */
  #given = 0;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** The text that `token` completes: empty while a character is incomplete. */
  push(token: number): string {
    this.#tokens.push(token);
    const piece = this.#piece();
    return piece.endsWith(INCOMPLETE) ? '' : this.#give(piece);
  }

  /** What is left at the end: characters that never became whole. */
  end(): string {
    return this.#give(this.#piece());
  }

  #piece(): string {
    const before = textOf(this.#tokens.slice(0, this.#given), this.#tokenizer);
    return textOf(this.#tokens, this.#tokenizer).slice(before.length);
  }

  #give(piece: string): string {
    this.#tokens = this.#tokens.slice(this.#given);
    this.#given = this.#tokens.length;
    return piece;
  }
}

/** The text of a model's tokens. Models have more ids than their tokenizers know: those read as `<id>`. */
export function textOf(tokens: readonly number[], tokenizer: Tokenizer): string {
  const parts: string[] = [];
  let known: number[] = [];
  for (const id of tokens) {
    if (id < tokenizer.vocabSize) {
      known.push(id);
      continue;
    }
    parts.push(tokenizer.decode(known), `<${id}>`);
    known = [];
  }
  return [...parts, tokenizer.decode(known)].join('');
}
