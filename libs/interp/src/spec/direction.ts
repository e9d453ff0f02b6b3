/** Directions and what is done with them, as a spec gives them. Reading their files is steering/directions.ts's job. */
import { z } from 'zod';
import { choice, expecting, strict } from './expecting.ts';
import { roleReference } from './pair.ts';

const text = z.string(expecting('a string')).min(1, expecting('a name'));
const number = z.number(expecting('a number'));

const what =
  'a direction: { "file": "x.safetensors", "name": "v" }, { "experiment": "its folder or id", "layer": 12, "position": -1 }, { "values": [numbers] } or the name of one on a server';

const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, expecting('a SHA-256 (64 hex digits)'))
  .optional();

const fileDirection = strict({ file: text, name: text, sha256 }, what);

const layer = 'a layer (0 or more)';
const position = 'a position of the experiment: a column such as -1, or a role';

const experimentDirection = strict(
  {
    experiment: text,
    layer: z.int(expecting(layer)).min(0, expecting(layer)).optional(),
    position: z.union([z.int(), z.string().regex(roleReference, expecting(position))], expecting(position)).optional(),
    sha256,
  },
  what,
).refine((own) => own.layer !== undefined || own.position === undefined, {
  error: 'missing; give the layer with the position, or neither for the selected direction',
  path: ['layer'],
});

const valuesDirection = strict(
  { values: z.array(number, expecting('a list of numbers')).min(1, expecting(what)) },
  what,
);

/** A direction that a server's database has under a name. */
const namedDirection = strict({ slug: text, sha256 }, what);

/**
 * A bare name is short for `{ "slug": name }`. `sha256` is that of the vector's float32 values, filled in once they have been
 * read: it makes them part of the spec.
 */
export const directionSchema = z.union(
  [
    fileDirection,
    experimentDirection,
    valuesDirection,
    namedDirection,
    z
      .string()
      .min(1)
      .transform((slug): z.infer<typeof namedDirection> => ({ slug })),
  ],
  expecting(what),
);

export type DirectionSpec = z.infer<typeof directionSchema>;

const layerList = '"all" or a non-empty list of layers such as [12], each once';

export const layersSchema = z.union(
  [
    z.literal('all'),
    z
      .array(z.int(expecting('a layer (a whole number)')).min(0, expecting('a layer (0 or more)')))
      .min(1, expecting(layerList))
      .refine((list) => new Set(list).size === list.length, expecting(layerList)),
  ],
  expecting(layerList),
);

/** Which direction, where it acts, and how. */
export const interventionFields = {
  direction: directionSchema,
  mode: z.enum(['add', 'ablate'], choice(['add', 'ablate'])).default('add'),
  layers: layersSchema,
  positions: z.enum(['all', 'last'], choice(['all', 'last'])).default('all'),
};

export const coefficientSchema = number;
