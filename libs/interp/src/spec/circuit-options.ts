/** The options of finding circuits and of evaluating them. */
import { z } from 'zod';
import { foundBy, scoresFile, sha256Schema } from './edges.ts';
import { choice, expecting, show, strict } from './expecting.ts';
import { flag, kvHeads, pathFields, withoutRepeats } from './options.ts';

const edgeCount = expecting('a number of edges, 1 or more');
const count = z.int(expecting('a whole number of edges')).min(1, edgeCount);

const threshold = z.number(expecting('a number')).gt(0, expecting('a threshold above 0, in units of the metric'));

const scoresOf =
  'how scores are made, { "method": "eap-ig", "steps": 5 }, or where they are, { "experiment": "its folder or id" } or { "file": "arrays.safetensors" }';

/** Scores of edges: made by a first round, or those of an experiment or a file. */
const scores = z.union(
  [
    strict({ method: z.enum(['eap', 'eap-ig'], choice(['eap', 'eap-ig'])), ...pathFields }, scoresOf),
    scoresFile,
    foundBy(scoresOf),
  ],
  expecting(scoresOf),
);

export type ScoresSpec = z.infer<typeof scores>;

/** Where nothing is said. */
function madeScores(method: 'eap' | 'eap-ig'): ScoresSpec {
  return { method, steps: 5, grid: 'left', postNorm: 'jacobian' };
}

/** What edges outside of a circuit carry: the corrupted run's activation, zero, or the mean over the corrupted runs. */
const ablation = z.enum(['corrupted', 'zero', 'mean'], choice(['corrupted', 'zero', 'mean'])).default('corrupted');

export const DISCOVERY_METHODS = ['top-n', 'threshold', 'greedy', 'acdc', 'acdc++'] as const;

/** What a method of discovery reads of the options that not all of them do. */
const OWN_OPTIONS = {
  'top-n': ['n', 'scores'],
  threshold: ['tau', 'scores'],
  greedy: ['n', 'scores'],
  acdc: ['tau'],
  'acdc++': ['tau', 'pruneTo', 'scores'],
} as const;

const thresholdOf = {
  threshold: 'the least |score| of its edges',
  acdc: 'how much the metric has to change for an edge to stay',
};

const discoveryFields = strict(
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

/** Refused: what the method does not read, and a threshold that it has no default of. */
export const circuitDiscoveryOptions = discoveryFields
  .superRefine((options, context) => {
    const { method, tau } = options;
    const own: readonly string[] = OWN_OPTIONS[method];
    for (const name of ['n', 'tau', 'pruneTo', 'scores'] as const)
      if (options[name] !== undefined && !own.includes(name))
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `${show(options[name])} has no effect on "${method}", which reads ${own.join(' and ')}; leave it out`,
        });
    if (tau === undefined && own.includes('tau'))
      context.addIssue({
        code: 'custom',
        path: ['tau'],
        message: `missing; "${method}" needs it: ${thresholdOf[method === 'threshold' ? 'threshold' : 'acdc']}, such as 0.01`,
      });
  })
  .transform((options) => ({ ...options, ...defaultsOf(options) }));

function defaultsOf({ method, n, pruneTo, scores: given }: z.infer<typeof discoveryFields>) {
  const own: readonly string[] = OWN_OPTIONS[method];
  const made = madeScores(method === 'acdc++' ? 'eap' : 'eap-ig');
  return {
    ...(own.includes('n') && { n: n ?? 200 }),
    ...(own.includes('pruneTo') && { pruneTo: pruneTo ?? 2000 }),
    ...(own.includes('scores') && { scores: given ?? made }),
  };
}

const circuitOf =
  'a list of edges such as "m0->a1.h2<q>", { "experiment": "its folder or id" }, or { "file": "a circuit\'s file, or the folder of a result" }';

const text = expecting('a path');

/** A circuit in a file of any format that can be read, or in the folder of a result; `sha256` is of its edges. */
const circuitFile = strict(
  {
    file: z.string(text).min(1, text),
    sha256: sha256Schema.optional(),
  },
  circuitOf,
);

const circuitExperiment = foundBy(circuitOf);

/** A circuit that is there already, in a file or as an experiment found it. */
export type GivenCircuit = z.infer<typeof circuitFile> | z.infer<typeof circuitExperiment>;

const ascending = expecting('a list of edge counts, each larger than the one before');

const evaluationFields = strict(
  {
    circuit: z
      .union(
        [
          z
            .array(z.string(expecting('the name of an edge')))
            .min(1, expecting(circuitOf))
            .refine(...withoutRepeats('edges')),
          circuitFile,
          circuitExperiment,
        ],
        expecting(circuitOf),
      )
      .optional(),
    scores: scores.optional(),
    select: z.enum(['top-n', 'greedy'], choice(['top-n', 'greedy'])).optional(),
    sizes: z
      .array(count, expecting('a list of edge counts'))
      .min(1, expecting('a non-empty list of edge counts'))
      .refine((sizes) => sizes.every((size, i) => i === 0 || size > sizes[i - 1]!), ascending)
      .optional(),
    kvHeads,
    ablation,
    completeness: flag.default(false),
  },
  'an object',
);

/** Refused with a circuit: what chooses circuits. */
export const circuitEvaluationOptions = evaluationFields
  .superRefine((options, context) => {
    if (options.circuit === undefined) return;
    for (const name of ['scores', 'select', 'sizes'] as const)
      if (options[name] !== undefined)
        context.addIssue({
          code: 'custom',
          path: [name],
          message: `${show(options[name])} has no effect on a circuit that is given; leave out one or the other`,
        });
  })
  .transform((options) =>
    options.circuit === undefined
      ? { ...options, scores: options.scores ?? madeScores('eap-ig'), select: options.select ?? ('greedy' as const) }
      : options,
  );
