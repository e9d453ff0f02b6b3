/** The metrics that a spec can name. What they compute is metrics/'s job. */
import { z } from 'zod';
import { directionSchema } from './direction.ts';
import { expecting, strict } from './expecting.ts';
import { tokenSchema } from './pair.ts';

const names = ['logit-difference', 'answer-logprob', 'kl-divergence'] as const;

const what = `${names.map((name) => JSON.stringify(name)).join(', ')}, { "refusalLogOdds": { "refuse": [tokens], "comply": [tokens] } } or { "projection": direction, "layer": layer }`;

const tokens = z
  .array(tokenSchema, expecting('a list of tokens'))
  .min(1, expecting('a non-empty list of tokens, each an id or the exact text of one token'));

/** Tokens of refusing and of complying. */
export const tokenSetsSchema = strict(
  { refuse: tokens, comply: tokens.optional() },
  'token sets { "refuse": [tokens], "comply": [tokens] }, the second by default all other tokens',
);

const refusalLogOdds = strict({ refusalLogOdds: tokenSetsSchema }, what);

const layer = 'a layer (0 or more), after which the residual stream is read; the last one unless given';

const projection = strict(
  { projection: directionSchema, layer: z.int(expecting(layer)).min(0, expecting(layer)).optional() },
  what,
);

export const metricSchema = z
  .union([z.enum(names, expecting(what)), refusalLogOdds, projection], expecting(what))
  .default('logit-difference');

export type MetricSpec = z.infer<typeof metricSchema>;
export type TokenSetsSpec = z.infer<typeof tokenSetsSchema>;
