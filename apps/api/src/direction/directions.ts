/** Directions that were given a name: which experiment found them, and where in it. */
import {
  createDirection,
  findArtifact,
  findDirectionBySlug,
  findExperiment,
  listDirections,
  type Database,
  type Direction as DirectionRow,
} from '@demur/db';
import { placedVector, type DirectionPlace } from '@demur/interp';
import { DemurError } from '@demur/model';
import { foundExperiment } from '../experiment/found-experiment.ts';
import { requireSlug } from '../slug.ts';
import type { NameDirectionInput } from './direction.input.ts';
import type { Direction } from './direction.type.ts';

/** A name in a spec that no direction has. */
export class UnknownDirectionError extends DemurError {
  constructor(slug: string, slugs: string[]) {
    const known = slugs.length === 0 ? 'there is none yet' : `there are ${slugs.join(', ')}`;
    super(
      'UNKNOWN_DIRECTION',
      `"${slug}" is not a direction (${known}); name one with nameDirection, or give { "experiment": "its id", "layer": 12, "position": -1 }`,
    );
  }
}

export class Directions {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async list(): Promise<Direction[]> {
    return (await listDirections(this.#database)).map(toDirection);
  }

  async bySlug(slug: string): Promise<Direction | null> {
    const row = await findDirectionBySlug(this.#database, slug);
    return row === undefined ? null : toDirection(row);
  }

  /** Throws `SlugError`, `DirectionSlugTakenError`, `UnknownExperimentError`, and `FoundDirectionError` where the experiment has no such direction. */
  async name({ slug, experiment, layer, position }: NameDirectionInput): Promise<Direction> {
    requireSlug(slug);
    const wanted = {
      experiment,
      layer: layer ?? undefined,
      position: position == null ? undefined : placeOf(position),
    };
    const place = await placedVector(wanted, await foundExperiment(this.#database, experiment));
    const artifact = (await findArtifact(this.#database, experiment, 'directions'))!;
    const { model } = (await findExperiment(this.#database, experiment))!;
    const row = { slug, model, experimentId: experiment, artifactId: artifact.id, layer: place.layer };
    const record = { norm: Math.hypot(...place.values) };
    return toDirection(await createDirection(this.#database, { ...row, position: String(place.position), record }));
  }

  /** What a name in a spec stands for. Throws `UnknownDirectionError`. */
  async place(slug: string): Promise<DirectionPlace> {
    const row = await findDirectionBySlug(this.#database, slug);
    if (row === undefined)
      throw new UnknownDirectionError(
        slug,
        (await listDirections(this.#database)).map((own) => own.slug),
      );
    return { experiment: row.experimentId!, layer: row.layer, position: placeOf(row.position) };
  }
}

/** A column is a number; a role, which begins with a letter, is not. */
function placeOf(position: string): number | string {
  return /^-?\d+$/.test(position) ? Number(position) : position;
}

function toDirection(row: DirectionRow): Direction {
  const { id, slug, experimentId, model: modelName, layer, position, createdAt } = row;
  const { norm } = row.record as { norm: number };
  return { id, slug, experimentId: experimentId!, modelName, layer, position, norm, createdAt };
}
