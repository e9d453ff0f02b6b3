/** What an experiment of the database gave, as other specs call it: by its id. */
import { findArtifact, findExperiment, readArtifact, type Database } from '@demur/db';
import type { FoundExperiment } from '@demur/interp';
import { DemurError } from '@demur/model';

/** An id in a spec that no experiment has. */
class UnknownExperimentError extends DemurError {
  constructor(id: string) {
    super('EXPERIMENT_NOT_FOUND', `there is no experiment with the id "${id}"; give the id of one that has succeeded`);
  }
}

/** Throws `UnknownExperimentError`. */
export async function foundExperiment(database: Database, id: string): Promise<FoundExperiment> {
  const row = await findExperiment(database, id);
  if (row === undefined) throw new UnknownExperimentError(id);
  return {
    result: row.result,
    array: async (name) => {
      const artifact = await findArtifact(database, id, name);
      return artifact && readArtifact(database, artifact);
    },
  };
}
