// SentencePiece's scores as the ordered merges of byte pair encoding: a pair may merge when the whole is in the
// vocabulary, the highest score first (as Hugging Face's converter does it, transformers' generate_merges).

import { TOKEN_TYPE } from './gguf-vocabulary.ts';
import type { GgufVocabulary } from './gguf-vocabulary.ts';
import { InvalidTokenizerError } from './tokenizer.ts';

interface Merge {
  left: string;
  right: string;
  score: number;
}

/** Pairs in the order in which they merge. @throws InvalidTokenizerError where scores are missing */
export function sentencePieceMerges(file: string, { tokens, types, scores }: GgufVocabulary): [string, string][] {
  if (scores.length === 0) throw new InvalidTokenizerError(file, '"tokenizer.ggml.scores" is missing');
  const ofText: readonly number[] = [TOKEN_TYPE.normal, TOKEN_TYPE.userDefined];
  const pieces = new Set(tokens.filter((_, id) => ofText.includes(types[id]!)));
  const merges = tokens.flatMap((token, id) => (pieces.has(token) ? splits(token, pieces, scores[id]!) : []));
  merges.sort((a, b) => b.score - a.score || b.left.length - a.left.length);
  return merges.map(({ left, right }) => [left, right]);
}

/** The ways to cut a piece into two pieces. */
function splits(token: string, pieces: ReadonlySet<string>, score: number): Merge[] {
  const found: Merge[] = [];
  for (let cut = 1; cut < token.length; cut++) {
    const [left, right] = [token.slice(0, cut), token.slice(cut)];
    if (pieces.has(left) && pieces.has(right)) found.push({ left, right, score });
  }
  return found;
}
