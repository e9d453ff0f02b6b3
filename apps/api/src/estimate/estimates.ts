/** What experiments will take on this server's engine. Not queued: nobody waits for them behind what runs. */
import { estimateCost, parseSpec, type CostEstimate, type EnginePool } from '@demur/interp';
import { DemurError } from '@demur/model';
import type { Experiments } from '../experiment/experiments.ts';

/** A model that is downloaded by the first experiment on it. */
export class ModelNotHereError extends DemurError {
  constructor(model: string) {
    super(
      'MODEL_NOT_HERE',
      `${model} is downloaded when the first experiment on it runs; there is nothing to estimate by`,
      {
        path: 'model',
      },
    );
  }
}

/** How long a caller waits for an engine that is busy: then there is an estimate without seconds. */
const PATIENCE_MS = 5000;

export class Estimates {
  readonly #experiments: Experiments;
  readonly #pool: () => Promise<EnginePool>;

  constructor(experiments: Experiments, pool: () => Promise<EnginePool>) {
    this.#experiments = experiments;
    this.#pool = pool;
  }

  /** Throws the spec's, the pairs' or the model's error as creating the experiment does, or `ModelNotHereError`. */
  async of(json: unknown): Promise<CostEstimate> {
    const spec = parseSpec(json);
    const prepared = await this.#experiments.prepare(spec);
    if (prepared === null) throw new ModelNotHereError(spec.model);
    return estimateCost(prepared, { pool: await this.#pool(), patienceMs: PATIENCE_MS });
  }
}
