// A Tokenizer from the JSON of tokenizer.json and tokenizer_config.json, by @huggingface/transformers.
// Reads no files and no network.

import type { PreTrainedTokenizer } from '@huggingface/transformers';
import {
  ChatTemplateFailedError,
  ChatTemplateMissingError,
  InvalidTokenizerError,
  TokenOutOfVocabularyError,
} from './tokenizer.ts';
import type { ChatMessage, Tokenizer } from './tokenizer.ts';

/** What a tokenizer is made of, whatever file it came from. */
export interface TokenizerParts {
  /** For messages. */
  path: string;
  /** As in tokenizer.json. */
  tokenizer: Record<string, unknown>;
  /** As in tokenizer_config.json. */
  config: Record<string, unknown>;
  chatTemplate: string | null;
  /** Rows of the model's embedding: no token may be beyond. */
  dVocab: number;
}

const EXACT = { skip_special_tokens: false, clean_up_tokenization_spaces: false };

/** @throws InvalidTokenizerError */
export async function createTokenizer(parts: TokenizerParts): Promise<Tokenizer> {
  const { path, chatTemplate } = parts;
  const inner = await construct(parts);
  const vocabSize = vocabularySize(inner);
  if (vocabSize > parts.dVocab) {
    throw new InvalidTokenizerError(
      path,
      `its last token is ${vocabSize - 1}, but the model has ${parts.dVocab} tokens`,
    );
  }
  const bosTokenId = inner.bos_token_id ?? null;
  const decode = (ids: number[]): string => {
    checkIds(ids, vocabSize);
    return ids.length === 0 ? '' : inner.decode(ids, EXACT);
  };
  return {
    encode: (text, { addSpecialTokens = false } = {}) =>
      withSingleBos(inner.encode(text, { add_special_tokens: addSpecialTokens }), addSpecialTokens ? bosTokenId : null),
    decode,
    decodeToken: (id) => tokenInsideText(decode([id]), decode([id, id])),
    applyChatTemplate: (messages, { addGenerationPrompt }) => {
      if (chatTemplate === null) throw new ChatTemplateMissingError(path);
      return render(path, inner, messages, addGenerationPrompt);
    },
    chatTemplate,
    vocabSize,
    bosTokenId,
    eosTokenId: inner.eos_token_id ?? null,
  };
}

/** The import takes half a second and is needed by few callers: hence here. */
async function construct({ path, tokenizer, config, chatTemplate }: TokenizerParts): Promise<PreTrainedTokenizer> {
  const { PreTrainedTokenizer: Constructor } = await import('@huggingface/transformers');
  try {
    return new Constructor(tokenizer, { ...config, chat_template: chatTemplate });
  } catch (cause) {
    throw new InvalidTokenizerError(path, (cause as Error).message, cause);
  }
}

function vocabularySize(inner: PreTrainedTokenizer): number {
  let highest = -1;
  for (const id of inner.get_vocab().values()) highest = Math.max(highest, id);
  return highest + 1;
}

function checkIds(ids: readonly number[], vocabSize: number): void {
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad !== undefined) throw new TokenOutOfVocabularyError(bad, vocabSize);
}

/** Some decoders strip the first token's space, so twice the token is longer than two: its second half is the token. */
function tokenInsideText(once: string, twice: string): string {
  return twice.length > 2 * once.length ? twice.slice(once.length) : once;
}

/** Drops the BOS that was added before one already written in the text. */
function withSingleBos(ids: number[], bosTokenId: number | null): number[] {
  return bosTokenId !== null && ids[0] === bosTokenId && ids[1] === bosTokenId ? ids.slice(1) : ids;
}

function render(
  path: string,
  inner: PreTrainedTokenizer,
  messages: ChatMessage[],
  addGenerationPrompt: boolean,
): string {
  try {
    return inner.apply_chat_template(messages, { tokenize: false, add_generation_prompt: addGenerationPrompt });
  } catch (cause) {
    throw new ChatTemplateFailedError(path, cause);
  }
}
