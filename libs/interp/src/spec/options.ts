/** The options of each kind of experiment, with their defaults. Names are those of the architecture's table of methods. */
import { z } from 'zod';
import { PATCH_SITES, STREAM_SITES, UP_TO_SITES } from '../patching/site-names.ts';
import { coefficientSchema, interventionFields, layersSchema } from './direction.ts';
import { edgesSchema } from './edges.ts';
import { choice, expecting, show, strict } from './expecting.ts';
import { hookMistake } from './hook-mistake.ts';
import { tokenSetsSchema } from './metric.ts';
import { roleReference, tokenSchema } from './pair.ts';

export const flag = z.boolean(expecting('true or false'));

export function withoutRepeats(what: string) {
  const distinct = (list: readonly unknown[]) => new Set(list).size === list.length;
  return [distinct, expecting(`a list without repeated ${what}`)] as const;
}

export const activationsOptions = strict(
  {
    names: z
      .array(z.string(expecting('a hook name')), expecting('a list of hook names such as "blocks.*.hook_resid_pre"'))
      .refine(...withoutRepeats('names')),
    gradients: flag.default(false),
    logits: z.enum(['none', 'last', 'all'], choice(['none', 'last', 'all'])).default('none'),
  },
  'an object',
).superRefine((options, context) => {
  for (const [at, name] of options.names.entries()) {
    const mistake = hookMistake(name, options.gradients);
    if (mistake !== undefined) context.addIssue({ code: 'custom', path: ['names', at], message: mistake });
  }
});

const columns = 'a column of the prompt (a whole number; negative counts from the end)';
const roles = 'a role of the pairs, such as "object", "after-object", "last" or "template[3]"';

export const position = z.union([z.int(), z.string().regex(roleReference, expecting(roles))], expecting(columns));

/** Places as names of their own, or a list of columns and roles. */
function placesSchema<Name extends string>(names: readonly [Name, ...Name[]]) {
  const quoted = names.map((name) => JSON.stringify(name)).join(', ');
  const somewhere = expecting(`${quoted} or a non-empty list of columns and roles, each once`);
  const list = z
    .array(position)
    .min(1, somewhere)
    .refine(...withoutRepeats('columns or roles'));
  return z.union([z.enum(names), list], somewhere);
}

export const activationPatchingOptions = strict(
  {
    direction: z.enum(['denoising', 'noising'], choice(['denoising', 'noising'])).default('denoising'),
    activations: z
      .array(z.enum(PATCH_SITES, choice(PATCH_SITES)), expecting('a list'))
      .min(1, expecting('a non-empty list of activations'))
      .refine(...withoutRepeats('activations'))
      .default(['resid_pre']),
    positions: placesSchema(['each', 'all', 'last']).default('each'),
    layers: z.enum(['each', 'up-to'], choice(['each', 'up-to'])).optional(),
  },
  'an object',
).superRefine(({ activations, layers }, context) => {
  const at = activations.findIndex((activation) => !(UP_TO_SITES as readonly string[]).includes(activation));
  if (layers !== 'up-to' || at < 0) return;
  const message = `${show(activations[at])} cannot be patched at all layers up to one; with "layers": "up-to" give ${UP_TO_SITES.join(' or ')}`;
  context.addIssue({ code: 'custom', path: ['activations', at], message });
});

const resamples = expecting('0, or a number of resamples from 2 to 10000');
const topEdges = expecting('a number of edges from 1 to 1000');
const checkedEdges = expecting('0, or a number of edges up to 1000');

export const kvHeads = z.enum(['native', 'expanded'], choice(['native', 'expanded'])).default('expanded');

/** Where an attribution takes its gradients, alike in all kinds that make one. */
export const pathFields = {
  steps: z
    .int(expecting('a whole number of steps'))
    .min(1, expecting('a number of steps from 1 to 1000'))
    .max(1000, expecting('a number of steps from 1 to 1000'))
    .default(5),
  grid: z.enum(['left', 'right'], choice(['left', 'right'])).default('left'),
  postNorm: z.enum(['jacobian', 'ignore'], choice(['jacobian', 'ignore'])).default('jacobian'),
};

export const attributionOptions = strict(
  {
    method: z.enum(['eap', 'eap-ig'], choice(['eap', 'eap-ig'])).default('eap'),
    ...pathFields,
    kvHeads,
    perPosition: flag.default(false),
    bootstrap: z
      .int(resamples)
      .refine((count) => count === 0 || (count >= 2 && count <= 10_000), resamples)
      .default(0),
    bootstrapTop: z.int(topEdges).min(1, topEdges).max(1000, topEdges).default(100),
    checkExact: z.int(checkedEdges).min(0, checkedEdges).max(1000, checkedEdges).default(0),
  },
  'an object',
);

export const edgePatchingOptions = strict(
  {
    edges: edgesSchema,
    kvHeads,
    perPair: flag.default(false),
  },
  'an object',
);

const count = z.int(expecting('a whole number of tokens'));
const temperature = z.number(expecting('a number, 0 or more; 0 is greedy'));

const refusalWordList = 'a non-empty list of words such as ["I\'m sorry"], or { "file": "words.txt" } with a line each';
const refusalWord = z.string(expecting('words')).regex(/\S/, expecting('words that a completion can have'));

/** How completions are made and judged, alike in all kinds that make some. Random numbers come from the spec's `seed`. */
const completionFields = {
  refusalWords: z
    .union(
      [
        z
          .array(refusalWord)
          .min(1, expecting(refusalWordList))
          .refine(...withoutRepeats('words')),
        strict({ file: z.string(expecting('a file')).min(1, expecting('a file')) }, refusalWordList),
      ],
      expecting(refusalWordList),
    )
    .optional(),
  refusalMatch: z.enum(['anywhere', 'start'], choice(['anywhere', 'start'])).default('anywhere'),
  run: z.enum(['clean', 'corrupted'], choice(['clean', 'corrupted'])).default('clean'),
  stopTokens: z.array(tokenSchema, expecting('a list of tokens')).default([]),
  temperature: temperature.min(0, expecting('a temperature, 0 or more; 0 is greedy')).default(0),
  topK: z.int(expecting('a whole number')).min(1, expecting('a number of tokens, 1 or more')).optional(),
  topP: z
    .number(expecting('a number'))
    .gt(0, expecting('a probability above 0, up to 1'))
    .max(1, expecting('a probability above 0, up to 1'))
    .optional(),
};

interface Drawing {
  temperature: number;
  topK?: number | undefined;
  topP?: number | undefined;
}

type Refinement = { addIssue(issue: { code: 'custom'; path: (string | number)[]; message: string }): void };

/** Choosing among likely tokens means nothing where the likeliest is taken. */
function requireDrawing(options: Drawing, context: Refinement): void {
  for (const name of ['topK', 'topP'] as const)
    if (options.temperature === 0 && options[name] !== undefined)
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `${options[name]} has no effect on greedy decoding; give a "temperature" above 0, or leave it out`,
      });
}

const isPlain = 'an ablation projects the direction out whole; leave coefficients out, or add instead';

export const steeringOptions = strict(
  {
    ...interventionFields,
    coefficients: z
      .array(coefficientSchema, expecting('a list of numbers'))
      .min(1, expecting('a non-empty list of coefficients'))
      .default([1]),
    logits: z.enum(['none', 'last'], choice(['none', 'last'])).default('none'),
    maxTokens: count.min(0, expecting('a number of tokens; 0 makes no completions')).default(0),
    stopAtEos: flag.default(false),
    refusalTokens: tokenSetsSchema.optional(),
    ...completionFields,
  },
  'an object',
).superRefine((options, context) => {
  requireDrawing(options, context);
  if (options.mode === 'ablate' && (options.coefficients.length > 1 || options.coefficients[0] !== 1))
    context.addIssue({ code: 'custom', path: ['coefficients'], message: `${show(options.coefficients)}: ${isPlain}` });
});

const intervention = strict(
  { ...interventionFields, coefficient: coefficientSchema.default(1) },
  'an intervention { "direction", "mode", "coefficient", "layers", "positions" }',
).superRefine(({ mode, coefficient }, context) => {
  if (mode === 'ablate' && coefficient !== 1)
    context.addIssue({ code: 'custom', path: ['coefficient'], message: `${coefficient}: ${isPlain}` });
});

const patches = 'a non-empty list of patches { "activation", "layers", "positions" }';

/** Activations of the pair's other prompt, put in while this one is read. */
const patch = strict(
  {
    activation: z.enum(STREAM_SITES, choice(STREAM_SITES)).default('resid_pre'),
    layers: layersSchema,
    positions: placesSchema(['all', 'last']),
  },
  'a patch { "activation", "layers", "positions" }',
);

export type PromptPatch = z.infer<typeof patch>;

export const generationOptions = strict(
  {
    maxTokens: count.min(1, expecting('a number of tokens, 1 or more')).default(64),
    stopAtEos: flag.default(true),
    interventions: z.array(intervention, expecting('a list of interventions')).default([]),
    patches: z.array(patch, expecting(patches)).min(1, expecting(patches)).optional(),
    ...completionFields,
  },
  'an object',
).superRefine(requireDrawing);
