/** Edges as a spec asks for them. Reading the scores that they are chosen by is edges/edge-list.ts's job. */
import { z } from 'zod';
import { expecting, strict } from './expecting.ts';

const scoresOf =
  'the folder of an attribution\'s result, { "experiment": "its folder or id" }, or { "file": "arrays.safetensors", "name": "scores" }';
const what = `"all", a non-empty list of edges such as "m0->a1.h2<q>", each once, or { "top": 100, "of": ${scoresOf} }`;
const text = z.string(expecting('a string')).min(1, expecting('a name'));

export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, expecting('a SHA-256 (64 hex digits)'));

/** By the experiment that found them: its id on a server, for the command the folder of its result. */
export const foundBy = (what: string) => strict({ experiment: text, sha256: sha256Schema.optional() }, what);

/** Scores in a file: an array [sender, receiver] of an attribution's result. */
export const scoresFile = strict(
  {
    file: text,
    name: text.default('scores'),
    sha256: sha256Schema.optional(),
  },
  scoresOf,
);

type ScoresFile = z.infer<typeof scoresFile>;

/** Scores that are there already; `sha256` is of their values, filled in once they have been read. */
export type GivenScores = ScoresFile | z.infer<ReturnType<typeof foundBy>>;

const strongest = strict(
  {
    top: z.int(expecting('a whole number of edges')).min(1, expecting('a number of edges, 1 or more')),
    of: z.union(
      [text.transform((file): ScoresFile => ({ file, name: 'scores' })), scoresFile, foundBy(scoresOf)],
      expecting(scoresOf),
    ),
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
