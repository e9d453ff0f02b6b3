/** The directions that an experiment of the database found, as the directions of other specs name them: by its id. */
import { ExperimentNotFoundError, findArtifact, findExperiment, readArtifact, type Database } from '@demur/db';
import type { ResolveExperiment } from '@demur/interp';

/** Throws `ExperimentNotFoundError`. */
export function foundDirections(database: Database): ResolveExperiment {
  return async (id) => {
    const row = await findExperiment(database, id);
    if (row === undefined) throw new ExperimentNotFoundError(id);
    const artifact = await findArtifact(database, id, 'directions');
    return { result: row.result, directions: artifact === undefined ? null : await readArtifact(database, artifact) };
  };
}
