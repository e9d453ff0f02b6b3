/** Refusals of a pair, each with its place in the spec, the value and the fix. */
import { DemurError } from '@demur/model';

/** A pair that cannot be run. */
export class PairError extends DemurError {
  constructor(path: string, message: string, cause?: unknown) {
    super('INVALID_PAIR', message, { path, cause });
  }
}

/** Text or messages for a model that has no tokenizer. */
export class TokenizerNeededError extends PairError {
  constructor(path: string, value: string) {
    super(path, `${value} needs a tokenizer and this model has none; give token ids, or add its tokenizer.json`);
  }
}

/** An answer or distractor that is not exactly one token. */
export class NotOneTokenError extends PairError {
  constructor(path: string, text: string, tokens: string) {
    super(path, `${JSON.stringify(text)} is ${tokens} on this model; give the exact text of one token, or a token id`);
  }
}

/** A token id beyond the model's vocabulary. */
export class UnknownTokenError extends PairError {
  constructor(path: string, id: number, dVocab: number) {
    super(path, `token ${id} is outside the model's vocabulary; give ids from 0 to ${dVocab - 1}`);
  }
}

/** A prompt without tokens. */
export class EmptyPromptError extends PairError {
  constructor(path: string) {
    super(path, 'the prompt has no tokens; give at least one');
  }
}

/** A prompt longer than the model's context. */
export class PromptTooLongError extends PairError {
  constructor(path: string, length: number, nCtx: number) {
    super(path, `the prompt has ${length} tokens and the model's context ${nCtx}; shorten it`);
  }
}

/** The two prompts of one pair have different lengths, so that their positions do not correspond. */
export class UnequalLengthsError extends PairError {
  constructor(path: string, clean: number, corrupted: number) {
    super(path, `clean has ${clean} tokens and corrupted ${corrupted}; choose prompts of equal length`);
  }
}

/** The two prompts of one pair are the same: there is no contrast. */
export class EqualPromptsError extends PairError {
  constructor(path: string) {
    super(path, 'clean and corrupted are the same tokens; change at least one of them');
  }
}

/** Answer and distractor are one token: their logit difference is always 0. */
export class SameAnswerError extends PairError {
  constructor(path: string, token: string) {
    super(path, `${token} is the answer as well, so that the logit difference is 0; give another token`);
  }
}

/** A slot that no text of its prompt has. */
export class UnusedSlotError extends PairError {
  constructor(path: string, slot: string) {
    super(path, `no text of this prompt has {${slot}}; write it where "${slot}" belongs, or leave the slot out`);
  }
}

/** A role that no token of the prompt can play. */
export class RoleError extends PairError {}

/** Lists or a generator of which nothing fits a model. */
export class NoPairsError extends DemurError {
  constructor(dropped: readonly string[]) {
    const more = dropped.length > 3 ? `; and ${dropped.length - 3} more` : '';
    const why = dropped.length === 0 ? 'a list is empty' : `${dropped.slice(0, 3).join('; ')}${more}`;
    super('NO_PAIRS', `no pair can be made for this model: ${why}; give other texts, or another model`);
  }
}
