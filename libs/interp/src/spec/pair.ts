/** Pairs as a spec gives them: prompts and tokens by id, by text or by chat messages. Not yet tokenised. */
import { z } from 'zod';
import { expecting, strict } from './expecting.ts';

const tokenId = z.int(expecting('a token id (a whole number, 0 or more)')).min(0, expecting('a token id (0 or more)'));
const text = z.string(expecting('a string'));

const tokensPrompt = strict({ tokens: z.array(tokenId, expecting('a list of token ids')) }, 'a prompt');
const textPrompt = strict({ text }, 'a prompt');
const message = strict({ role: text, content: text }, 'a message { "role": "user", "content": "..." }');
const messagesPrompt = strict({ messages: z.array(message, expecting('a list of messages')) }, 'a prompt');

export const promptSchema = z.union(
  [tokensPrompt, textPrompt, messagesPrompt],
  expecting('a prompt: exactly one of { "tokens": [ids] }, { "text": "..." }, { "messages": [{ "role", "content" }] }'),
);

export const tokenSchema = z.union([tokenId, text], expecting('a token: an id or the exact text of one token'));

export const pairSchema = strict(
  { clean: promptSchema, corrupted: promptSchema, answer: tokenSchema, distractor: tokenSchema },
  'a pair { "clean", "corrupted", "answer", "distractor" }',
);

export type PromptSpec = z.infer<typeof promptSchema>;
export type TokenSpec = z.infer<typeof tokenSchema>;
/** A minimal pair as written in a spec or kept in a data set. */
export type PairSpec = z.infer<typeof pairSchema>;
