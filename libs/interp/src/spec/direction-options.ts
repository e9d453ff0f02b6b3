/** The options of a direction experiment, which finds one. What a found one is called in other specs is direction.ts's part. */
import { z } from 'zod';
import { layersSchema } from './direction.ts';
import { choice, expecting, strict } from './expecting.ts';
import { flag, position, withoutRepeats } from './options.ts';

const methods = ['difference-in-means', 'heads'] as const;
const somewhere = 'a column from the end such as -1, a role of the pairs, or a non-empty list of them, each once';
const headList = 'a non-empty list of heads such as ["a3.h7"], each once';
const nats = 'a KL divergence in nats, 0 or more';
const share = 'a share of the layers, from 0 up to 1';

export const directionOptions = strict(
  {
    method: z.enum(methods, choice(methods)).default('difference-in-means'),
    heads: z
      .array(z.string().regex(/^a\d+\.h\d+$/, expecting('a head such as "a3.h7"')), expecting(headList))
      .min(1, expecting(headList))
      .refine(...withoutRepeats('heads'))
      .optional(),
    layers: layersSchema.default('all'),
    position: z
      .union(
        [
          position,
          z
            .array(position)
            .min(1, expecting(somewhere))
            .refine(...withoutRepeats('columns or roles')),
        ],
        expecting(somewhere),
      )
      .default(-1),
    select: flag.default(false),
    maxKl: z.number(expecting(nats)).min(0, expecting(nats)).default(0.1),
    minAddition: z.number(expecting('a number')).default(0),
    dropLast: z.number(expecting(share)).min(0, expecting(share)).lt(1, expecting(share)).default(0.2),
  },
  'an object',
).superRefine(({ method, heads }, context) => {
  const isRight = (method === 'heads') === (heads !== undefined);
  const message =
    method === 'heads'
      ? `missing; give ${headList}`
      : 'heads are of the method "heads"; give "method": "heads", or leave them out';
  if (!isRight) context.addIssue({ code: 'custom', path: ['heads'], message });
});
