/**
 * The experiment specification: one JSON document, the same in a file, in the database and in the API, and its hash.
 * What each option means is in spec/options.ts; tokenising its pairs is dataset/'s job.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { circuitDiscoveryOptions, circuitEvaluationOptions } from './spec/circuit-options.ts';
import { directionOptions } from './spec/direction-options.ts';
import { SpecError } from './spec/errors.ts';
import { expecting, show, strict } from './spec/expecting.ts';
import { headScanOptions } from './spec/head-scan-options.ts';
import { specIssues } from './spec/issues.ts';
import {
  activationPatchingOptions,
  activationsOptions,
  attributionOptions,
  edgePatchingOptions,
  generationOptions,
  steeringOptions,
} from './spec/options.ts';
import { metricSchema } from './spec/metric.ts';
import { pairsSchema } from './spec/pair.ts';

export const availableKinds = [
  'activations',
  'activation-patching',
  'attribution',
  'edge-patching',
  'circuit-discovery',
  'circuit-evaluation',
  'head-scan',
  'direction',
  'steering',
  'generation',
] as const;

const what = 'a directory, a GGUF file, a Hub id or the name of a registered model';

const shared = {
  model: z.string(expecting(what)).min(1, expecting(what)),
  pairs: pairsSchema,
  metric: metricSchema,
  seed: z.int(expecting('a whole number')).optional(),
};

/** The schema of design and documentation: a union discriminated by `kind`, defaults filled on parsing. */
export const experimentSpecSchema = z.discriminatedUnion('kind', [
  strict({ kind: z.literal('activations'), ...shared, options: activationsOptions.prefault({} as never) }, 'a spec'),
  strict(
    { kind: z.literal('activation-patching'), ...shared, options: activationPatchingOptions.prefault({}) },
    'a spec',
  ),
  strict({ kind: z.literal('attribution'), ...shared, options: attributionOptions.prefault({}) }, 'a spec'),
  strict({ kind: z.literal('edge-patching'), ...shared, options: edgePatchingOptions.prefault({} as never) }, 'a spec'),
  strict({ kind: z.literal('circuit-discovery'), ...shared, options: circuitDiscoveryOptions.prefault({}) }, 'a spec'),
  strict(
    { kind: z.literal('circuit-evaluation'), ...shared, options: circuitEvaluationOptions.prefault({}) },
    'a spec',
  ),
  strict({ kind: z.literal('head-scan'), ...shared, options: headScanOptions.prefault({}) }, 'a spec'),
  strict({ kind: z.literal('direction'), ...shared, options: directionOptions.prefault({}) }, 'a spec'),
  strict({ kind: z.literal('steering'), ...shared, options: steeringOptions.prefault({} as never) }, 'a spec'),
  strict({ kind: z.literal('generation'), ...shared, options: generationOptions.prefault({}) }, 'a spec'),
]);

/** A valid experiment, defaults filled. */
export type ExperimentSpec = z.infer<typeof experimentSpecSchema>;
export type ExperimentKind = ExperimentSpec['kind'];

/**
 * Reads a spec from parsed JSON and fills its defaults.
 * Throws `SpecError` naming the path, the value and the fix.
 */
export function parseSpec(json: unknown): ExperimentSpec {
  requireKind(json);
  const parsed = experimentSpecSchema.safeParse(json);
  if (!parsed.success) throw new SpecError(specIssues(parsed.error.issues));
  return parsed.data;
}

function requireKind(json: unknown): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new SpecError([
      { path: '', message: `a spec is a JSON object { "kind", "model", "pairs", ... }, not ${show(json)}` },
    ]);
  const kind = (json as { kind?: unknown }).kind;
  if (availableKinds.includes(kind as ExperimentKind)) return;
  const told = kind === undefined ? 'missing' : `${show(kind)} is not a kind of experiment`;
  throw new SpecError([{ path: 'kind', message: `${told}; use ${availableKinds.join(', ')}` }]);
}

/** SHA-256, in hex, of the spec's canonical JSON: keys sorted, defaults filled. Equal for equal experiments. */
export function specHash(spec: ExperimentSpec): string {
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}

/** JSON with the keys of every object sorted by code unit, and no white space. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The JSON Schema of a spec as a user writes it: fields with a default may be left out. */
export function specJsonSchema(): object {
  return z.toJSONSchema(experimentSpecSchema, { io: 'input' });
}
