/** Examples as token ids, with what counts in the loss. */
import type { Example } from './corpus.ts';
import { pieces, SPECIAL } from './vocabulary.ts';

export interface Sequence {
  tokens: number[];
  /** Of predicting each token from those before; 0 of the first. */
  weights: number[];
}

/** The decision is one token among a dozen, and what all of the answer hangs on. */
const DECISION_WEIGHT = 4;

/** Token ids of a text without special tokens. @throws RangeError for a word that the vocabulary does not have */
function encode(text: string, vocabulary: Map<string, number>): number[] {
  return pieces(text).map((piece) => idOf(piece, vocabulary));
}

function idOf(piece: string, vocabulary: Map<string, number>): number {
  const id = vocabulary.get(piece);
  if (id === undefined) throw new RangeError(`"${piece}" is not in the vocabulary`);
  return id;
}

/** A chat whose answer is learned, as the chat template renders it, or prose, all of which is. */
export function sequenceOf(
  { request, answer }: Pick<Example, 'request' | 'answer'>,
  vocabulary: Map<string, number>,
): Sequence {
  const special = (name: keyof typeof SPECIAL): number => idOf(SPECIAL[name], vocabulary);
  const ending = [...encode(answer, vocabulary), special('end')];
  if (request === '') {
    const tokens = [special('begin'), ...ending];
    return { tokens, weights: tokens.map((_, at) => (at === 0 ? 0 : 1)) };
  }
  const asked = [special('user'), ...encode(request, vocabulary), special('end')];
  const prompt = [special('begin'), ...asked, special('assistant')];
  const weights = [...prompt.map(() => 0), ...ending.map((_, at) => (at === 0 ? DECISION_WEIGHT : 1))];
  return { tokens: [...prompt, ...ending], weights };
}
