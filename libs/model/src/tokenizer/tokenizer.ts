// Text to token ids and back, and chat messages to text. Not a place that decides on special tokens: callers do.

import { DemurError } from '../errors.ts';

export interface ChatMessage {
  role: string;
  content: string;
}

export interface Tokenizer {
  /**
   * Token ids of a text; special tokens written in it (`<|im_start|>`) are recognised.
   * `addSpecialTokens` (default false) adds what the tokenizer adds by itself, e.g. BOS, never a second one:
   * text of a chat template carries its own special tokens and needs none.
   */
  encode(text: string, options?: { addSpecialTokens?: boolean }): number[];
  /** The exact text, special tokens included. @throws TokenOutOfVocabularyError */
  decode(ids: number[]): string;
  /** The text of one token as it stands inside a text, i.e. with its leading space. @throws TokenOutOfVocabularyError */
  decodeToken(id: number): string;
  /** @throws ChatTemplateMissingError, ChatTemplateFailedError */
  applyChatTemplate(messages: ChatMessage[], options: { addGenerationPrompt: boolean }): string;
  chatTemplate: string | null;
  /** Highest token id + 1; the model's own vocabulary may be padded beyond it. */
  vocabSize: number;
  bosTokenId: number | null;
  eosTokenId: number | null;
  padTokenId: number | null;
  /** What a vocabulary of whole words reads a word as that it does not have. */
  unkTokenId: number | null;
}

/** A model without a tokenizer. */
export class TokenizerMissingError extends DemurError {
  constructor(path: string, missing: string) {
    super(
      'TOKENIZER_MISSING',
      `${path} has no tokenizer: ${missing} is missing; add it from the model's original files.`,
    );
  }
}

/** A tokenizer that cannot be built from its files. */
export class InvalidTokenizerError extends DemurError {
  constructor(path: string, problem: string, cause?: unknown) {
    super('INVALID_TOKENIZER', `${path}: the tokenizer is not usable: ${problem}; take the model's original files.`, {
      cause,
    });
  }
}

/** A tokenizer of a kind that is not built here. */
export class UnsupportedTokenizerError extends DemurError {
  constructor(path: string, key: string, value: string, supported: readonly string[]) {
    super(
      'UNSUPPORTED_TOKENIZER',
      `${path}: "${key}" is "${value}", which is not supported; convert the model with one of ${supported.join(', ')}.`,
    );
  }
}

/** A chat asked of a model without a chat template. */
export class ChatTemplateMissingError extends DemurError {
  constructor(path: string) {
    super(
      'CHAT_TEMPLATE_MISSING',
      `${path} has no chat template; give the prompts as plain text, or add one to the model.`,
    );
  }
}

/** A chat template that raises, e.g. on a role it does not know. */
export class ChatTemplateFailedError extends DemurError {
  constructor(path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super('CHAT_TEMPLATE_FAILED', `${path}: the chat template refused these messages: ${reason}`, { cause });
  }
}

/** A token id that the tokenizer does not have. */
export class TokenOutOfVocabularyError extends DemurError {
  constructor(id: number, vocabSize: number) {
    super(
      'TOKEN_OUT_OF_VOCABULARY',
      `Token ${id} is not in the vocabulary of ${vocabSize} tokens (0 to ${vocabSize - 1}).`,
    );
  }
}
