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
import { checkTokenIds } from './check-token-ids.ts';
import { renderTemplate } from './chat-template.ts';
import { withTimeLimit } from './time-limit.ts';

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

/** Texts here are prompts: milliseconds. A pattern of a damaged tokenizer can take for ever. */
const TIME_LIMIT_MS = 3000;

const EXACT = { skip_special_tokens: false, clean_up_tokenization_spaces: false };

/** @throws InvalidTokenizerError */
export async function createTokenizer(parts: TokenizerParts): Promise<Tokenizer> {
  const { path, chatTemplate } = parts;
  checkTokenIds(path, parts.tokenizer, parts.dVocab);
  const inner = await construct(parts);
  const vocabSize = vocabularySize(inner);
  const bosTokenId = inner.bos_token_id ?? null;
  const decode = (ids: number[]): string => {
    checkIds(ids, vocabSize);
    return ids.length === 0 ? '' : usable(path, 'token ids', () => inner.decode(ids, EXACT));
  };
  return {
    encode: (text, { addSpecialTokens = false } = {}) => {
      const ids = usable(path, 'a text', () => inner.encode(text, { add_special_tokens: addSpecialTokens }));
      requireIds(path, ids, vocabSize);
      return withSingleBos(ids, addSpecialTokens ? bosTokenId : null);
    },
    decode,
    decodeToken: (id) => tokenInsideText(decode([id]), decode([id, id])),
    applyChatTemplate: (messages, { addGenerationPrompt }) => {
      if (chatTemplate === null) throw new ChatTemplateMissingError(path);
      return render(parts, chatTemplate, { messages, add_generation_prompt: addGenerationPrompt });
    },
    chatTemplate,
    vocabSize,
    bosTokenId,
    eosTokenId: inner.eos_token_id ?? null,
    padTokenId: inner.pad_token_id ?? null,
    unkTokenId: inner.unk_token_id ?? null,
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

/** Runs the library on what this tokenizer's file made of it. @throws InvalidTokenizerError */
function usable<T>(path: string, what: string, work: () => T): T {
  try {
    return withTimeLimit(TIME_LIMIT_MS, work);
  } catch (cause) {
    throw new InvalidTokenizerError(path, `it fails on ${what}: ${(cause as Error).message}`, cause);
  }
}

/** Refuses ids that no embedding has: a vocabulary without the pieces that its own rules make. */
function requireIds(path: string, ids: readonly number[], vocabSize: number): void {
  const bad = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (bad === undefined) return;
  throw new InvalidTokenizerError(path, `it gives token ${bad}, which is not in its vocabulary of ${vocabSize}`);
}

interface TemplateVariables {
  messages: ChatMessage[];
  add_generation_prompt: boolean;
}

function render({ path, config }: TokenizerParts, template: string, variables: TemplateVariables): string {
  try {
    return renderTemplate(template, { ...specialTokens(config), ...variables });
  } catch (cause) {
    throw new ChatTemplateFailedError(path, cause);
  }
}

/** What templates call `bos_token` and so on: texts, or objects with the text as `content`. */
function specialTokens(config: Record<string, unknown>): Record<string, string> {
  const named = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map((name) => `${name}_token`);
  const texts = named.map((name) => {
    const token = config[name];
    return [name, typeof token === 'object' && token !== null ? (token as { content?: unknown }).content : token];
  });
  return Object.fromEntries(texts.filter(([, text]) => typeof text === 'string' && text !== '')) as Record<
    string,
    string
  >;
}
