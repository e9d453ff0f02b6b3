/** The words that a completion refuses by: the usual list, and the refusing tokens of the pairs themselves. */
import { REFUSAL_WORDS } from '@demur/interp';
import type { StudyGiven } from './study.ts';

/** Undefined for a model without a tokenizer, whose completions have no text. */
export function refusalWordsOf({ tokenizer, dataSet }: StudyGiven): string[] | undefined {
  if (tokenizer === null) return undefined;
  const answers = dataSet.pairs.map(({ answer }) => tokenizer.decodeToken(answer).trim());
  return [...new Set([...REFUSAL_WORDS, ...answers])];
}
