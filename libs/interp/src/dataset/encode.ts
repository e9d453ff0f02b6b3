/** Prompts and tokens of a spec to token ids: the only place where text is tokenised. Rules about pairs are in lint.ts. */
import { DemurError } from '@demur/model';
import type { Tokenizer } from '@demur/model';
import { show } from '../spec/expecting.ts';
import type { PromptSpec, TokenSpec } from '../spec/pair.ts';
import { NotOneTokenError, PairError, TokenizerNeededError } from './errors.ts';

/** The token ids of a prompt; messages go through the chat template with its generation prompt. `path` is for errors. */
export function encodePrompt(prompt: PromptSpec, tokenizer: Tokenizer | null, path: string): number[] {
  if ('tokens' in prompt) return prompt.tokens;
  if (tokenizer === null) throw new TokenizerNeededError(path, show(prompt));
  return withBos(tokenizer.encode(promptText(prompt, tokenizer, path), { addSpecialTokens: false }), tokenizer);
}

function promptText(prompt: Exclude<PromptSpec, { tokens: number[] }>, tokenizer: Tokenizer, path: string): string {
  if ('text' in prompt) return prompt.text;
  try {
    return tokenizer.applyChatTemplate(prompt.messages, { addGenerationPrompt: true });
  } catch (error) {
    if (error instanceof DemurError) throw new PairError(path, error.message, error);
    throw error;
  }
}

/** One BOS where the tokenizer wants one: added unless the text, or the chat template, has brought it. */
function withBos(ids: number[], tokenizer: Tokenizer): number[] {
  const bos = tokenizer.bosTokenId;
  const wanted = bos !== null && tokenizer.encode('', { addSpecialTokens: true })[0] === bos;
  return wanted && ids[0] !== bos ? [bos, ...ids] : ids;
}

/** The id of an answer or distractor: an id as it is, or the exact text of one token. */
export function encodeToken(token: TokenSpec, tokenizer: Tokenizer | null, path: string): number {
  if (typeof token === 'number') return token;
  if (tokenizer === null) throw new TokenizerNeededError(path, show(token));
  const ids = tokenizer.encode(token, { addSpecialTokens: false });
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw new NotOneTokenError(path, token, tokenList(ids, tokenizer));
  if (tokenizer.decode([id]) !== token && tokenizer.decodeToken(id) !== token)
    throw new NotOneTokenError(path, token, `read as ${tokenList(ids, tokenizer)}`);
  return id;
}

/** `2 tokens [19 " Sor", 4 "ry"]`, as errors show tokens. */
function tokenList(ids: number[], tokenizer: Tokenizer): string {
  const shown = ids.map((id) => tokenText(id, tokenizer)).join(', ');
  return `${ids.length} ${ids.length === 1 ? 'token' : 'tokens'} [${shown}]`;
}

/** A token as errors show it: its id and, where the tokenizer knows it, its text. */
export function tokenText(id: number, tokenizer: Tokenizer | null): string {
  return tokenizer !== null && id < tokenizer.vocabSize
    ? `${id} ${JSON.stringify(tokenizer.decodeToken(id))}`
    : `${id}`;
}
