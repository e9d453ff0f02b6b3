/** Edges as a spec asks for them. Reading the scores that they are chosen by is edges/edge-list.ts's job. */
import { z } from 'zod';
import { expecting, show, strict } from './expecting.ts';

const scoresOf = 'the folder of an attribution\'s result, or { "file": "arrays.safetensors", "name": "scores" }';
const what = `"all", a non-empty list of edges such as "m0->a1.h2<q>", each once, or { "top": 100, "of": ${scoresOf} }`;
const text = z.string(expecting('a string')).min(1, expecting('a name'));

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, expecting('a SHA-256 (64 hex digits)'));

/** Scores in a file: an array [sender, receiver] of an attribution's result. */
export const scoresFile = strict(
  {
    file: text,
    name: text.default('scores'),
    sha256: sha256Schema.optional(),
  },
  scoresOf,
);

export type ScoresFile = z.infer<typeof scoresFile>;

function isLater(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'experiment' in value;
}

const notYet = (value: unknown): string =>
  `${show(value)} names an attribution of the database, which is not available yet; give ${scoresOf}`;

const strongest = strict(
  {
    top: z.int(expecting('a whole number of edges')).min(1, expecting('a number of edges, 1 or more')),
    of: z.union([text.transform((file): ScoresFile => ({ file, name: 'scores' })), scoresFile], {
      error: (issue) => (isLater(issue.input) ? notYet(issue.input) : expecting(scoresOf).error(issue)),
    }),
  },
  what,
);

export const edgesSchema = z.union(
  [
    z.literal('all'),
    z
      .array(z.string(expecting('the name of an edge')))
      .min(1, expecting(what))
      .refine((list) => new Set(list).size === list.length, expecting('a list without repeated edges')),
    strongest,
  ],
  expecting(what),
);

export type EdgesSpec = z.infer<typeof edgesSchema>;
