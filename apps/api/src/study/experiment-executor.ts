/** Runs the steps of a study as experiments of this server: queued, waited for, and read from the database. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findExperimentStatus,
  linkStudyStep,
  listOwnOpenExperiments,
  setStudyProgress,
  type Database,
} from '@demur/db';
import type { ExperimentSpec } from '@demur/interp';
import { DemurError } from '@demur/model';
import type { StepOutcome, StepPlace, StudyExecutor } from '@demur/studies';
import type { Experiment } from '../experiment/experiment.type.ts';
import type { Experiments } from '../experiment/experiments.ts';
import { hasEnded } from '../experiment/follow-progress.ts';

/** A step whose experiment has ended without a result. The study that it is a step of says which step. */
class StepFailedError extends DemurError {
  constructor({ id, status, error }: Experiment) {
    const why = error?.message ?? `it was ${status.toLowerCase()}; ask for the study again to go on`;
    super(error?.code ?? 'STEP_CANCELLED', `the experiment ${id} has no result: ${why}`, {
      path: error?.path ?? undefined,
    });
  }
}

/** A study, and what its experiments are kept in. */
export interface StudySurroundings {
  studyId: string;
  database: Database;
  experiments: Experiments;
}

export class ExperimentExecutor implements StudyExecutor {
  readonly #study: StudySurroundings;

  constructor(study: StudySurroundings) {
    this.#study = study;
  }

  /**
   * An experiment that waits, runs or has succeeded already is taken, so a study that goes on after a restart repeats nothing.
   * Throws what creating the experiment does, `StepFailedError`, and the signal's reason.
   */
  async run(step: StepPlace, spec: ExperimentSpec, signal?: AbortSignal): Promise<StepOutcome> {
    const { experiments } = this.#study;
    const { id } = await experiments.create(spec);
    await this.#begin(step, id);
    const experiment = await this.#ended(id, signal);
    const finding = await experiments.finding(id);
    if (finding === null) throw new StepFailedError(experiment);
    return { experiment: id, ...finding, seconds: secondsOf(experiment) };
  }

  /** A study that was cancelled in the meantime has no use for its new experiment. */
  async #begin({ name, title, index, total }: StepPlace, experimentId: string): Promise<void> {
    const { database, studyId } = this.#study;
    await linkStudyStep(database, { studyId, index, name, title, experimentId });
    try {
      await setStudyProgress(database, studyId, { step: name, title, index, total });
    } catch (error) {
      await cancelOwnExperiments(this.#study);
      throw error;
    }
  }

  /** Looks as often as it is worth: after a tenth of the time waited, but every second. */
  async #ended(id: string, signal?: AbortSignal): Promise<Experiment> {
    const begin = performance.now();
    for (;;) {
      const status = await findExperimentStatus(this.#study.database, id);
      if (status === undefined || hasEnded({ status })) return (await this.#study.experiments.byId(id))!;
      const waited = performance.now() - begin;
      await sleep(Math.min(20 + waited / 10, 1_000), undefined, { signal });
    }
  }
}

function secondsOf({ startedAt, finishedAt }: Experiment): number {
  return startedAt === null || finishedAt === null ? 0 : (finishedAt.getTime() - startedAt.getTime()) / 1000;
}

/** Ends the open experiments that were made for a study alone. */
export async function cancelOwnExperiments({ studyId, database, experiments }: StudySurroundings): Promise<void> {
  for (const id of await listOwnOpenExperiments(database, studyId)) await experiments.cancel(id);
}
