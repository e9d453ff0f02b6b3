/** Checks of models: asked for, made as jobs beside the experiments, and kept with the model. */
import {
  findModel,
  listModelChecks,
  requestModelCheck,
  type Database,
  type Jobs,
  type ModelCheck as ModelCheckRow,
  type ModelCheckHandler,
} from '@demur/db';
import { checkModel, type EnginePool, type ModelCheck as Outcome } from '@demur/interp';
import { DemurError } from '@demur/model';
import type { ModelCheck, ModelCheckResult } from './model-check.type.ts';

/** An id that no registered model has. */
export class ModelNotRegisteredError extends DemurError {
  constructor(id: string) {
    super('UNKNOWN_MODEL', `No model is registered with the id "${id}"; take it from the query "models"`);
  }
}

export class ModelChecks {
  readonly #database: Database;
  readonly #jobs: Jobs;

  constructor(database: Database, jobs: Jobs) {
    this.#database = database;
    this.#jobs = jobs;
  }

  /** Queues the checks of a model, unless they wait or run. Throws `ModelNotRegisteredError`. */
  async request(modelId: string): Promise<ModelCheck> {
    const model = await findModel(this.#database, modelId);
    if (model === undefined) throw new ModelNotRegisteredError(modelId);
    return this.#database.transaction(async (session) => {
      const { check, isNew } = await requestModelCheck(session, modelId);
      if (isNew) await this.#jobs.modelChecks.enqueue(check.id, session);
      return toModelCheck(check, model.weightsSha256);
    });
  }

  /** The last check on each backend by each version, newest first; one that has no backend yet only while it is the newest. */
  async ofModel(modelId: string, weightsSha256: string): Promise<ModelCheck[]> {
    const rows = await listModelChecks(this.#database, modelId);
    const groups = Map.groupBy(rows, ({ backend, version }) => JSON.stringify([backend, version]));
    const shown = [...groups.values()].flatMap(([newest]) => newest ?? []);
    return shown
      .filter((row) => row.backend !== null || row === rows[0])
      .map((row) => toModelCheck(row, weightsSha256));
  }

  /** The handler of the queue. What it throws ends the check as FAILED. */
  handler(pool: () => Promise<EnginePool>): ModelCheckHandler {
    return async ({ modelId }, { signal, onProgress }) => {
      const model = await findModel(this.#database, modelId);
      if (model === undefined) throw new ModelNotRegisteredError(modelId);
      return toRow(await checkModel(model.sourcePath, { pool: await pool(), signal, onProgress }));
    };
  }
}

function toRow({ passed, backend, version, weightsSha256, checks }: Outcome) {
  return {
    ...{ passed, version, weightsSha256 },
    backend: backend.name,
    backendVersion: backend.version,
    results: checks,
  };
}

function toModelCheck(row: ModelCheckRow, weightsSha256: string | null): ModelCheck {
  const { id, status, passed, backend, backendVersion, version, createdAt, finishedAt, progress, error } = row;
  const isOpen = status === 'QUEUED' || status === 'RUNNING';
  return {
    ...{ id, status, passed, backend, backendVersion, version, createdAt, finishedAt },
    fraction: isOpen ? (progress === null ? 0 : progress.done / progress.total) : 1,
    isCurrent: isOpen || row.weightsSha256 === null || row.weightsSha256 === weightsSha256,
    error: error === null ? null : { ...error, path: error.path ?? null },
    results: (row.results ?? []) as ModelCheckResult[],
  };
}
