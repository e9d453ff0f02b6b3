/** Scores of edges that are there already: an array [sender, receiver] of a result, held to the hash that a spec has of it. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DemurError, readSafetensorsTensor } from '@demur/model';
import { z } from 'zod';
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import {
  findExperiment,
  FoundExperimentError,
  readingAt,
  requireSameModel,
  type FoundExperiment,
  type SpecPlaces,
} from '../found-experiment.ts';
import type { Graph, KvHeads } from '../graph/graph.ts';
import type { NamedArray } from '../named-array.ts';
import type { GivenScores } from '../spec/edges.ts';
import { SpecError } from '../spec/errors.ts';

interface ScoresOptions {
  /** Where the spec names the scores, such as `options.edges.of`. */
  path: string;
  graph: Graph;
  kvHeads: KvHeads;
  places: SpecPlaces;
}

/**
 * The scores, and their SHA-256.
 * @throws SpecError naming them and the fix: unreadable, of another shape, not finite, or changed since the spec's hash was taken
 * @throws DemurError with the path of the scores, for an experiment that is not there, has none, or is of another model
 */
export async function readScores(
  given: GivenScores,
  { path, graph, kvHeads, places }: ScoresOptions,
): Promise<{ scores: Float32Array; sha256: string }> {
  const name =
    'file' in given
      ? `"${given.name}" of ${given.file}`
      : `"scores" of the experiment ${JSON.stringify(given.experiment)}`;
  const refused = (message: string): SpecError => new SpecError([{ path, message: `${name} ${message}` }]);
  const { shape, values } = await ('file' in given
    ? scoresOfFile(given, path, places)
    : readingAt(path, () => scoresOfExperiment(given.experiment, places)));
  const { senders, receivers } = graph;
  if (shape.length !== 2 || shape[0] !== senders.length || shape[1] !== receivers.length)
    throw refused(
      `has the shape [${shape.join(', ')}]; the ${kvHeads} graph of this model has ${senders.length} senders and ${receivers.length} receivers; give scores of this model and with the same "kvHeads"`,
    );
  const bad = edgeCells(graph).find((cell) => !Number.isFinite(values[cell]));
  if (bad !== undefined) throw refused(`is ${values[bad]} at ${edgeName(graph, bad)}; give finite scores`);
  const { sha256 } = given;
  const found = hashOfValues(values);
  if (sha256 !== undefined && sha256 !== found)
    throw refused(`has the SHA-256 ${found}, not ${sha256}: it has changed; leave out "sha256" to take it as it is`);
  return { scores: values, sha256: found };
}

async function scoresOfFile(
  { file, name }: { file: string; name: string },
  path: string,
  { resolveFile }: SpecPlaces,
): Promise<NamedArray> {
  return readArray(await resolveFile(file), name).catch((error: unknown) => {
    if (!(error instanceof DemurError) || error.path !== undefined) throw error;
    throw new SpecError([{ path, message: error.message }]);
  });
}

/** An array of a file, or of the result in a folder. */
async function readArray(path: string, name: string): Promise<NamedArray> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() === true;
  return readSafetensorsTensor(isFolder ? join(path, 'arrays.safetensors') : path, name);
}

/** Of a result that may have scores of edges. */
const scoredSchema = z.object({
  kind: z.enum(['attribution', 'circuit-discovery']),
  record: z.object({ model: z.object({ weightsSha256: z.string() }) }),
});

/** @throws FoundExperimentError */
async function scoresOfExperiment(experiment: string, { source, resolveExperiment }: SpecPlaces): Promise<NamedArray> {
  const found = await findExperiment(experiment, resolveExperiment);
  const result = scoredSchema.safeParse(found.result);
  const scores = result.success ? await scoresIn(found) : undefined;
  if (!result.success || scores === undefined)
    throw new FoundExperimentError(
      experiment,
      'has no scores of edges; give one of the kind "attribution" or "circuit-discovery"',
    );
  requireSameModel(experiment, result.data, (await source.identity()).weightsSha256);
  return scores;
}

/** Those of ACDC are its effects: 0 of the edges that it did not try. */
async function scoresIn(found: FoundExperiment): Promise<NamedArray | undefined> {
  const scores = await found.array('scores');
  if (scores !== undefined) return scores;
  const effects = await found.array('effects');
  return effects && { ...effects, values: effects.values.map((effect) => effect || 0) };
}

/** SHA-256, in hex, of float32 values, little endian. */
export function hashOfValues(values: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(values.byteLength));
  for (const [i, value] of values.entries()) bytes.setFloat32(4 * i, value, true);
  return createHash('sha256').update(bytes).digest('hex');
}
