/** The options of a head scan: which heads are chosen, and how the chosen ones are checked together. */
import { z } from 'zod';
import { layersSchema, coefficientSchema } from './direction.ts';
import { choice, expecting, show, strict } from './expecting.ts';
import { position, withoutRepeats } from './options.ts';

const directions = ['denoising', 'noising'] as const;
const positions = ['all', 'last'] as const;

/** Ways to check the chosen heads together. */
const VALIDATIONS = ['patch', 'ablate', 'steer'] as const;

const threshold = expecting('a threshold on the scale of the refusal score, 0 or more');
const heads = 'a number of heads, 1 or more';
const isOneRule = 'the heads over a threshold are as many as they are; give "threshold" or "top", not both';

export const headScanOptions = strict(
  {
    direction: z.enum(directions, choice(directions)).default('denoising'),
    position: z.enum(positions, choice(positions)).default('all'),
    layers: layersSchema.default('all'),
    threshold: z.number(threshold).min(0, threshold).optional(),
    top: z.int(expecting(heads)).min(1, expecting(heads)).optional(),
    validate: z
      .array(z.enum(VALIDATIONS, choice(VALIDATIONS)), expecting('a list such as ["patch", "ablate", "steer"]'))
      .refine(...withoutRepeats('checks'))
      .default([...VALIDATIONS]),
    coefficients: z
      .array(coefficientSchema, expecting('a list of numbers'))
      .min(1, expecting('a non-empty list of coefficients'))
      .default([1, 2, 4, 8, 16, 32]),
    steerPosition: position.default(-1),
  },
  'an object',
).superRefine((options, context) => {
  if (options.threshold !== undefined && options.top !== undefined)
    context.addIssue({ code: 'custom', path: ['top'], message: `${show(options.top)}: ${isOneRule}` });
});
