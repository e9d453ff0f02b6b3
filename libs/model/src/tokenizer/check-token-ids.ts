// Checks the ids of a tokenizer.json against the model's embedding before anything is built from them: the library makes
// lists as long as the highest id.

import { shown } from '../fields.ts';
import { InvalidTokenizerError } from './tokenizer.ts';

/** Refuses ids that are no whole numbers from 0, or beyond the `dVocab` rows of the embedding. @throws InvalidTokenizerError */
export function checkTokenIds(path: string, tokenizer: Record<string, unknown>, dVocab: number): void {
  const { vocab } = (tokenizer['model'] ?? {}) as { vocab?: unknown };
  let highest = -1;
  for (const [token, id] of [...idsOfVocabulary(vocab), ...idsOfAdded(tokenizer['added_tokens'])]) {
    if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) {
      throw new InvalidTokenizerError(path, `the id of token ${shown(token)} is ${shown(id)}`);
    }
    highest = Math.max(highest, id);
  }
  if (highest < dVocab) return;
  throw new InvalidTokenizerError(path, `its last token is ${highest}, but the model has ${dVocab} tokens`);
}

/** Pieces with ids, or, for Unigram, a list whose order gives the ids. */
function idsOfVocabulary(vocab: unknown): [unknown, unknown][] {
  if (Array.isArray(vocab)) return vocab.map((entry, id) => [entry, id]);
  return typeof vocab === 'object' && vocab !== null ? Object.entries(vocab) : [];
}

function idsOfAdded(added: unknown): [unknown, unknown][] {
  if (!Array.isArray(added)) return [];
  return added.map((token) => {
    const { content, id } = (token ?? {}) as { content?: unknown; id?: unknown };
    return [content, id];
  });
}
