/** The options of finding circuits and of evaluating them. */
import { z } from 'zod';
import { scoresFile } from './edges.ts';
import { choice, expecting, strict } from './expecting.ts';
import { flag, kvHeads, pathFields } from './options.ts';

const edgeCount = expecting('a number of edges, 1 or more');
const count = z.int(expecting('a whole number of edges')).min(1, edgeCount);

const threshold = z.number(expecting('a number')).gt(0, expecting('a threshold above 0, in units of the metric'));

const scoresOf =
  'how scores are made, { "method": "eap-ig", "steps": 5 }, or where they are, { "file": "the folder of a result" }';

/** Scores of edges: made by a first round, or an attribution's from a file. */
const scores = z.union(
  [strict({ method: z.enum(['eap', 'eap-ig'], choice(['eap', 'eap-ig'])), ...pathFields }, scoresOf), scoresFile],
  expecting(scoresOf),
);

export type ScoresSpec = z.infer<typeof scores>;

/** What edges outside of a circuit carry: the corrupted run's activation, zero, or the mean over the corrupted runs. */
const ablation = z.enum(['corrupted', 'zero', 'mean'], choice(['corrupted', 'zero', 'mean'])).default('corrupted');

export const DISCOVERY_METHODS = ['top-n', 'threshold', 'greedy', 'acdc', 'acdc++'] as const;

export const circuitDiscoveryOptions = strict(
  {
    method: z.enum(DISCOVERY_METHODS, choice(DISCOVERY_METHODS)).default('greedy'),
    n: count.optional(),
    tau: threshold.optional(),
    pruneTo: count.optional(),
    scores: scores.optional(),
    kvHeads,
    ablation,
    dangling: z.enum(['prune', 'keep'], choice(['prune', 'keep'])).default('prune'),
  },
  'an object',
);

const circuitOf =
  'a list of edges such as "m0->a1.h2<q>", or { "file": "a circuit\'s file, or the folder of a result" }';

export const circuitEvaluationOptions = strict(
  {
    circuit: z
      .union(
        [
          z.array(z.string(expecting('the name of an edge'))).min(1, expecting(circuitOf)),
          strict({ file: z.string(expecting('a path')).min(1, expecting('a path')) }, circuitOf),
        ],
        expecting(circuitOf),
      )
      .optional(),
    scores: scores.optional(),
    select: z.enum(['top-n', 'greedy'], choice(['top-n', 'greedy'])).default('greedy'),
    sizes: z
      .array(count, expecting('a list of edge counts'))
      .min(1, expecting('a non-empty list of edge counts'))
      .optional(),
    kvHeads,
    ablation,
    completeness: flag.default(false),
  },
  'an object',
);
