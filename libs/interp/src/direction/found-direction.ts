/**
 * A direction that an experiment found, as another spec names it: by the experiment, a layer and a position. Here is which of
 * the experiment's vectors that is, and whether it is of the model that it is meant for. Where experiments lie is the caller's.
 */
import { DemurError } from '@demur/model';
import { z } from 'zod';
import { requireSameModel, type FoundExperiment } from '../found-experiment.ts';
import type { DirectionSpec } from '../spec/direction.ts';

/** Where a direction was found: what its name stands for. */
export interface DirectionPlace {
  experiment: string;
  layer: number;
  position: number | string;
}

/** From the name of a direction to what it stands for. Throws where there is none of that name. */
export type ResolveDirection = (slug: string) => Promise<DirectionPlace>;

/** A name where none are known: a run without a database. */
export class UnknownDirectionError extends DemurError {
  constructor(slug: string) {
    super(
      'UNKNOWN_DIRECTION',
      `${JSON.stringify(slug)} names a direction of a server's database, and there is none here; give { "experiment": "the folder of its result", "layer": 12, "position": -1 } or { "file": "x.safetensors", "name": "v" }`,
    );
  }
}

/** A direction of an experiment that cannot be had. */
export class FoundDirectionError extends DemurError {
  constructor(experiment: string, problem: string) {
    super('FOUND_DIRECTION', `the experiment ${JSON.stringify(experiment)} ${problem}`);
  }
}

const resultSchema = z.object({
  kind: z.literal('direction'),
  layers: z.array(z.int()),
  positions: z.array(z.union([z.int(), z.string()])),
  selected: z.object({ layer: z.int(), position: z.union([z.int(), z.string()]) }).nullish(),
  unselected: z.string().nullish(),
  record: z.object({ model: z.object({ weightsSha256: z.string() }) }),
});

type Result = z.infer<typeof resultSchema>;
type ExperimentDirection = Extract<DirectionSpec, { experiment: string }>;

/** The vector [dModel] that a spec means. @throws FoundDirectionError, FoundExperimentError for one of another model */
export async function vectorOf(
  direction: ExperimentDirection,
  found: FoundExperiment,
  weightsSha256: string,
): Promise<Float32Array> {
  const { experiment } = direction;
  requireSameModel(experiment, resultOf(experiment, found), weightsSha256);
  return (await placedVector(direction, found)).values;
}

/** Which of an experiment's directions is meant, and its values [dModel]. @throws FoundDirectionError */
export async function placedVector(
  direction: Pick<ExperimentDirection, 'experiment' | 'layer' | 'position'>,
  found: FoundExperiment,
): Promise<DirectionPlace & { values: Float32Array }> {
  const { experiment } = direction;
  const { layers, positions, ...choice } = resultOf(experiment, found);
  const directions = await found.array('directions');
  if (directions === undefined) throw noDirection(experiment);
  const { layer, position } = wantedOf(direction, { ...choice, positions });
  const [l, p] = [layers.indexOf(layer), positions.indexOf(position)];
  if (l < 0) throw new FoundDirectionError(experiment, `has no layer ${layer}; it has ${layers.join(', ')}`);
  if (p < 0)
    throw new FoundDirectionError(
      experiment,
      `has no position ${JSON.stringify(position)}; it has ${positionsText(positions)}`,
    );
  const width = directions.shape[2]!;
  const from = (l * positions.length + p) * width;
  return { experiment, layer, position, values: directions.values.slice(from, from + width) };
}

/** What a direction experiment that has ended gave. @throws FoundDirectionError for any other */
function resultOf(experiment: string, { result }: FoundExperiment): Result {
  const parsed = resultSchema.safeParse(result);
  if (!parsed.success) throw noDirection(experiment);
  return parsed.data;
}

function noDirection(experiment: string): FoundDirectionError {
  return new FoundDirectionError(experiment, 'found no direction; give one of the kind "direction" that has ended');
}

/** What is given, the selected one where neither layer nor position is, or the only position there is. */
function wantedOf(
  { experiment, layer, position }: Pick<ExperimentDirection, 'experiment' | 'layer' | 'position'>,
  { selected, unselected, positions }: Pick<Result, 'selected' | 'unselected' | 'positions'>,
): { layer: number; position: number | string } {
  if (layer === undefined) {
    if (selected) return selected;
    const why = unselected ? ` (${unselected})` : '';
    throw new FoundDirectionError(
      experiment,
      `has selected no direction${why}; give "layer" and "position", or let it select among other positions`,
    );
  }
  if (position !== undefined) return { layer, position };
  if (positions.length === 1) return { layer, position: positions[0]! };
  throw new FoundDirectionError(
    experiment,
    `has several positions, ${positionsText(positions)}; give one as "position"`,
  );
}

function positionsText(positions: Result['positions']): string {
  return positions.map((position) => JSON.stringify(position)).join(', ');
}
