/** Prompts and tokens of a spec to token ids: the only place where text is tokenised. Rules about pairs are in lint.ts. */
import type { Tokenizer } from '@demur/model';
import { show } from '../spec/expecting.ts';
import type { PromptSpec, TokenSpec } from '../spec/pair.ts';
import { NotOneTokenError, TokenizerNeededError } from './errors.ts';
import type { Roles } from './resolved-pair.ts';
import { slotRoles } from './slot-roles.ts';
import { renderPrompt } from './slots.ts';

/** A prompt as token ids, with the roles that its slots give them. */
export interface EncodedPrompt {
  tokens: number[];
  roles: Roles;
}

/** Messages go through the chat template with its generation prompt. `path` is for errors. */
export function encodePrompt(prompt: PromptSpec, tokenizer: Tokenizer | null, path: string): EncodedPrompt {
  if ('tokens' in prompt) return { tokens: prompt.tokens, roles: {} };
  if (tokenizer === null) throw new TokenizerNeededError(path, show(prompt));
  const rendered = renderPrompt(prompt, tokenizer, path);
  const tokens = withBos(tokenizer.encode(rendered.text, { addSpecialTokens: false }), tokenizer);
  const roles = prompt.slots === undefined ? {} : slotRoles(tokens, rendered, { tokenizer, path });
  return { tokens, roles };
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
