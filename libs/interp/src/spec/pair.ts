/**
 * Pairs as a spec gives them: prompts and tokens by id, by text or by chat messages, with the roles that their tokens
 * play. Not yet tokenised: that is dataset/'s job.
 */
import { z } from 'zod';
import { expecting, strict } from './expecting.ts';

const tokenId = z.int(expecting('a token id (a whole number, 0 or more)')).min(0, expecting('a token id (0 or more)'));
const text = z.string(expecting('a string'));

const tokensPrompt = strict({ tokens: z.array(tokenId, expecting('a list of token ids')) }, 'a prompt');
/** What names a slot or a role. */
const rolePattern = /^[A-Za-z][A-Za-z0-9_-]*$/;

/** What asks for a role: its name, and an index for one of its tokens. */
export const roleReference = /^([A-Za-z][A-Za-z0-9_-]*)(?:\[(-?\d+)\])?$/;

const roleName = z.string().regex(rolePattern);
/** As `expecting`, for objects by name. */
const named = (what: string) => ({
  error: (issue: Parameters<z.core.$ZodErrorMap>[0]) =>
    issue.code === 'invalid_key'
      ? 'not a name; use letters, digits, - and _, a letter first'
      : expecting(what).error(issue),
});

const slots = z
  .record(roleName, text, named('an object of slots and their texts, such as { "object": "bomb" }'))
  .optional();

const textPrompt = strict({ text, slots }, 'a prompt');
const message = strict({ role: text, content: text }, 'a message { "role": "user", "content": "..." }');
const messages = 'a non-empty list of messages';
const messagesPrompt = strict(
  { messages: z.array(message, expecting(messages)).min(1, expecting(messages)), slots },
  'a prompt',
);

export const promptSchema = z.union(
  [tokensPrompt, textPrompt, messagesPrompt],
  expecting('a prompt: exactly one of { "tokens": [ids] }, { "text": "..." }, { "messages": [{ "role", "content" }] }'),
);

export const tokenSchema = z.union([tokenId, text], expecting('a token: an id or the exact text of one token'));

const rolePositions = z
  .array(
    z.int(expecting('a position (a whole number; negative counts from the end)')),
    expecting('a list of positions'),
  )
  .min(1, expecting('a non-empty list of positions'));

const roles = z.record(
  roleName,
  rolePositions,
  named('an object of roles and their positions, such as { "object": [12] }'),
);

export const pairSchema = strict(
  {
    ...{ clean: promptSchema, corrupted: promptSchema, answer: tokenSchema, distractor: tokenSchema },
    roles: roles.optional(),
  },
  'a pair { "clean", "corrupted", "answer", "distractor" }',
);

const what = 'the name of a data set, { "file": "pairs.jsonl" } or a non-empty list of pairs';

const pairFile = strict({ file: text.min(1, expecting('the path of a file')) }, what);

/** The pairs of a spec: themselves, a file of them beside the spec, or the name of a data set. */
export const pairsSchema = z.union(
  [z.string().min(1, expecting(what)), pairFile, z.array(pairSchema).min(1, expecting(what))],
  expecting(what),
);

export type PairsSpec = z.infer<typeof pairsSchema>;
export type PromptSpec = z.infer<typeof promptSchema>;
export type TokenSpec = z.infer<typeof tokenSchema>;
/** Texts by the names of the slots they fill: each `{name}` in a prompt's text or messages. */
export type Slots = Record<string, string>;
/** A minimal pair as written in a spec or kept in a data set. */
export type PairSpec = z.infer<typeof pairSchema>;
