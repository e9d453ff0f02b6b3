/**
 * The directions of a spec: from files to values. Read once, before a run; a spec then holds the hash of what was read, so
 * that its own hash covers it, and shards carry the values. Not what a direction does: interventions.ts.
 */
import { createHash } from 'node:crypto';
import { readSafetensorsTensor } from '@demur/model';
import { UnknownDirectionError, vectorOf, type ResolveDirection } from '../direction/found-direction.ts';
import { readingAt, type SpecPlaces } from '../found-experiment.ts';
import type { DirectionSpec } from '../spec/direction.ts';
import { SpecError } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';

/** What the record tells of a direction. */
export interface DirectionRecord {
  /** Its path in the spec. */
  at: string;
  /** SHA-256, in hex, of its float32 values, little endian. */
  sha256: string;
  length: number;
}

/** A direction with its values, and where in the spec it stands. */
interface ReadDirection {
  at: string;
  direction: DirectionSpec;
  values: Float32Array;
}

/** The directions of a spec that has been prepared. */
export interface Directions {
  /** The spec with the hash of every file's values. */
  pinned: ExperimentSpec;
  /** The spec with the values in place of their files: what runs on another thread. */
  inlined: ExperimentSpec;
  records: DirectionRecord[];
}

/** Where directions come from, and whose they must be. */
interface Places extends SpecPlaces {
  resolveDirection: ResolveDirection;
}

/**
 * Reads and checks what `spec` names.
 * @throws SpecError naming file, tensor and fix: unreadable, of another model, no such tensor, not [dModel] floats, not finite, zero where it
 *   is projected out, or changed since its hash was taken.
 * @param resolveDirection by default no direction has a name
 */
export async function readDirections(
  spec: ExperimentSpec,
  given: SpecPlaces,
  resolveDirection: ResolveDirection = async (slug) => Promise.reject(new UnknownDirectionError(slug)),
): Promise<Directions> {
  const { dModel } = given.source.config;
  const places = { ...given, resolveDirection };
  const read: ReadDirection[] = [];
  for (const { at, direction, mode } of directionsOf(spec)) {
    const values = await valuesOf(direction, at, places);
    requireVector(values, { at, name: nameOf(direction), dModel, mode });
    requireSame(direction, at, values);
    read.push({ at, direction, values });
  }
  const pinned = read.map(({ direction, values }) =>
    'values' in direction ? direction : { ...direction, sha256: hashOf(values) },
  );
  const inlined = read.map(({ values }) => ({ values: [...values] }));
  return {
    pinned: withDirections(spec, pinned),
    inlined: withDirections(spec, inlined),
    records: read.map(({ at, values }) => ({ at, sha256: hashOf(values), length: values.length })),
  };
}

/** A direction, where it stands, and what is done with it. */
interface GivenDirection {
  at: string;
  direction: DirectionSpec;
  mode: 'add' | 'ablate' | 'read';
}

/** The metric's first. */
function directionsOf(spec: ExperimentSpec): GivenDirection[] {
  const { metric } = spec;
  if (typeof metric === 'string' || !('projection' in metric)) return optionDirections(spec);
  return [{ at: 'metric.projection', direction: metric.projection, mode: 'read' }, ...optionDirections(spec)];
}

function optionDirections(spec: ExperimentSpec): GivenDirection[] {
  if (spec.kind === 'steering') return [{ at: 'options.direction', ...spec.options }];
  if (spec.kind !== 'generation') return [];
  return spec.options.interventions.map((own, i) => ({ at: `options.interventions[${i}].direction`, ...own }));
}

/** The spec with other directions, in the order of `directionsOf`. */
function withDirections(spec: ExperimentSpec, directions: DirectionSpec[]): ExperimentSpec {
  const { metric } = spec;
  if (typeof metric === 'string' || !('projection' in metric)) return withOptionDirections(spec, directions);
  const [projection, ...others] = directions;
  return withOptionDirections({ ...spec, metric: { ...metric, projection: projection! } }, others);
}

function withOptionDirections(spec: ExperimentSpec, directions: DirectionSpec[]): ExperimentSpec {
  if (spec.kind === 'steering') return { ...spec, options: { ...spec.options, direction: directions[0]! } };
  if (spec.kind !== 'generation') return spec;
  const interventions = spec.options.interventions.map((own, i) => ({ ...own, direction: directions[i]! }));
  return { ...spec, options: { ...spec.options, interventions } };
}

/** How messages call a direction. */
function nameOf(direction: DirectionSpec): string {
  if ('file' in direction) return `"${direction.name}" of ${direction.file}`;
  if ('slug' in direction) return `the direction "${direction.slug}"`;
  return 'experiment' in direction ? `the direction of ${direction.experiment}` : 'the direction';
}

function refused(at: string, message: string): SpecError {
  return new SpecError([{ path: at, message }]);
}

async function valuesOf(
  direction: DirectionSpec,
  at: string,
  { source, resolveFile, resolveExperiment, resolveDirection }: Places,
): Promise<Float32Array> {
  if ('values' in direction) return Float32Array.from(direction.values);
  if (!('file' in direction))
    return readingAt(at, async () => {
      const place = 'slug' in direction ? await resolveDirection(direction.slug) : direction;
      const found = await resolveExperiment(place.experiment);
      return vectorOf(place, found, (await source.identity()).weightsSha256);
    });
  const { file, name } = direction;
  const { shape, values } = await readingAt(at, async () => readSafetensorsTensor(await resolveFile(file), name));
  if (shape.length !== 1)
    throw refused(at, `${nameOf(direction)} has the shape [${shape.join(', ')}]; give one vector, [dModel]`);
  return values;
}

function requireVector(
  values: Float32Array,
  { at, name, dModel, mode }: { at: string; name: string; dModel: number; mode: GivenDirection['mode'] },
): void {
  if (values.length !== dModel)
    throw refused(at, `${name} has ${values.length} values; the model's residual stream has ${dModel}`);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw refused(at, `${name} is ${values[bad]} at index ${bad}; give finite numbers`);
  if (values.every((value) => value === 0)) throw refused(at, `${name} is zero: ${whatZeroDoes[mode]}`);
}

const whatZeroDoes = {
  ablate: 'there is no direction to project out',
  add: 'adding it changes nothing; give another, and the coefficient 0 for a plain run',
  read: 'every projection on it is 0',
};

/** A direction whose hash is given must still be what it was. */
function requireSame(direction: DirectionSpec, at: string, values: Float32Array): void {
  if ('values' in direction || direction.sha256 === undefined || direction.sha256 === hashOf(values)) return;
  throw refused(
    at,
    `${nameOf(direction)} has the SHA-256 ${hashOf(values)}, not ${direction.sha256}: it has changed; leave out "sha256" to take it as it is`,
  );
}

function hashOf(values: Float32Array): string {
  const bytes = Buffer.alloc(values.byteLength);
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i);
  return createHash('sha256').update(bytes).digest('hex');
}
