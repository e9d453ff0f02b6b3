/** The rules a pair of token ids must keep to run right. What only deserves a warning is in warnings.ts. */
import type { ModelConfig, Tokenizer } from '@demur/model';
import { tokenText } from './encode.ts';
import {
  EmptyPromptError,
  EqualPromptsError,
  PromptTooLongError,
  SameAnswerError,
  UnknownTokenError,
  UnequalLengthsError,
} from './errors.ts';
import type { ResolvedPair } from './resolved-pair.ts';

/** What a data set is resolved against: the model's sizes, and its tokenizer if it has one. */
export interface PairContext {
  config: Pick<ModelConfig, 'dVocab' | 'nCtx'>;
  tokenizer: Tokenizer | null;
}

/** Throws the first rule that `pair` breaks, with its place below `path`. */
export function lintPair(pair: ResolvedPair, path: string, context: PairContext): void {
  lintPrompt(pair.clean, `${path}.clean`, context);
  lintPrompt(pair.corrupted, `${path}.corrupted`, context);
  requireInVocabulary(pair.answer, `${path}.answer`, context);
  requireInVocabulary(pair.distractor, `${path}.distractor`, context);
  if (pair.clean.length !== pair.corrupted.length)
    throw new UnequalLengthsError(path, pair.clean.length, pair.corrupted.length);
  if (pair.firstDifference === pair.clean.length) throw new EqualPromptsError(path);
  if (pair.answer === pair.distractor)
    throw new SameAnswerError(`${path}.distractor`, `token ${tokenText(pair.distractor, context.tokenizer)}`);
}

function lintPrompt(tokens: number[], path: string, context: PairContext): void {
  if (tokens.length === 0) throw new EmptyPromptError(path);
  if (tokens.length > context.config.nCtx) throw new PromptTooLongError(path, tokens.length, context.config.nCtx);
  for (const id of tokens) requireInVocabulary(id, path, context);
}

function requireInVocabulary(id: number, path: string, { config }: PairContext): void {
  if (id >= config.dVocab) throw new UnknownTokenError(path, id, config.dVocab);
}
