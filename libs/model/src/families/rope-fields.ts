// Rotary positions in config.json: `rope_theta` with `rope_scaling`, and `rope_parameters` (transformers 5). Where both
// styles are there, transformers takes rope_scaling; so do we.

import type { RopeScaling, RotaryPositions } from '../config.ts';
import {
  ConfigFieldError,
  hasField,
  integerField,
  positiveField,
  recordField,
  requireNeutral,
  stringField,
  UnsupportedConfigError,
} from '../fields.ts';
import type { Fields } from '../fields.ts';
import { MAX_CONTEXT } from './common-fields.ts';

const DEFAULT_THETA = 10_000;

/** What a scaling needs to know of the model. */
interface Model {
  dHead: number;
  /** `max_position_embeddings`. */
  context: number;
}

/** The record's own fields that a scaling reads, and how it reads them. */
interface ScalingKind {
  keys: readonly string[];
  read: (rope: Fields, fields: Fields, model: Model) => RopeScaling | null;
}

const kinds: ReadonlyMap<string, ScalingKind> = new Map([
  ['default', { keys: [], read: () => null }],
  ['linear', { keys: ['factor'], read: (rope) => ({ kind: 'linear', factor: positiveField(rope, 'factor') }) }],
  ['dynamic', { keys: ['factor', 'original_max_position_embeddings'], read: dynamicScaling }],
  [
    'llama3',
    {
      keys: ['factor', 'low_freq_factor', 'high_freq_factor', 'original_max_position_embeddings'],
      read: llama3Scaling,
    },
  ],
]);

/** @throws ConfigFieldError, UnsupportedConfigError */
export function ropeFields(fields: Fields, model: Model): RotaryPositions {
  const given = [recordField(fields, 'rope_scaling'), recordField(fields, 'rope_parameters')];
  const rope = given.find((record) => record !== null && record.values.size > 0) ?? null;
  return { kind: 'rotary', theta: ropeTheta(fields, rope), scaling: rope && ropeScaling(rope, fields, model) };
}

/** The longest context, in tokens: linear and dynamic scaling stretch what the model was trained on. */
export function stretchedContext({ scaling }: RotaryPositions, context: number): number {
  const factor = scaling?.kind === 'linear' || scaling?.kind === 'dynamic' ? Math.max(1, scaling.factor) : 1;
  return Math.min(MAX_CONTEXT, Math.floor(context * factor));
}

function ropeTheta(fields: Fields, rope: Fields | null): number {
  const outer = positiveField(fields, 'rope_theta', DEFAULT_THETA);
  const theta = rope === null ? outer : positiveField(rope, 'rope_theta', outer);
  if (!hasField(fields, 'rope_theta') || theta === outer) return theta;
  throw new ConfigFieldError(fields, 'rope_theta', `${theta}, as in "${rope?.file.split(' ').at(-1)}"`);
}

function ropeScaling(rope: Fields, fields: Fields, model: Model): RopeScaling | null {
  const key = hasField(rope, 'rope_type') ? 'rope_type' : 'type';
  const kind = kinds.get(stringField(rope, key) ?? 'default');
  if (kind === undefined) throw new UnsupportedConfigError(rope, key, [...kinds.keys()].join(', '));
  const read = ['rope_type', 'type', 'rope_theta', ...kind.keys];
  for (const other of rope.values.keys()) {
    const unscaled = other === 'partial_rotary_factor' || other === 'factor' || other === 'attention_factor';
    if (!read.includes(other)) requireNeutral(rope, other, unscaled ? [1] : []);
  }
  return kind.read(rope, fields, model);
}

function dynamicScaling(rope: Fields, _fields: Fields, { dHead, context }: Model): RopeScaling {
  requireNeutral(rope, 'original_max_position_embeddings', [context]);
  if (dHead > 2) return { kind: 'dynamic', factor: positiveField(rope, 'factor'), originalContext: context };
  throw new UnsupportedConfigError(rope, hasField(rope, 'rope_type') ? 'rope_type' : 'type', 'heads of 4 or more');
}

/** The original context may also stand outside the record, and then counts. */
function llama3Scaling(rope: Fields, fields: Fields, { context }: Model): RopeScaling {
  const key = 'original_max_position_embeddings';
  const [low, high] = [positiveField(rope, 'low_freq_factor'), positiveField(rope, 'high_freq_factor')];
  if (high <= low) throw new ConfigFieldError(rope, 'high_freq_factor', `more than "low_freq_factor", which is ${low}`);
  return {
    kind: 'llama3',
    factor: positiveField(rope, 'factor'),
    lowFrequencyFactor: low,
    highFrequencyFactor: high,
    originalContext: integerField(hasField(fields, key) ? fields : rope, key, { fallback: context }),
  };
}
