/** What can go wrong with a study, as opposed to its experiments. */
import { DemurError } from '@demur/model';

/** A study that cannot be asked for, or that asks its experiments for what they do not have. */
export class StudyError extends DemurError {
  constructor(message: string, options: { code?: string; cause?: unknown } = {}) {
    super(options.code ?? 'STUDY', message, options);
  }
}

/** A name that no study has. */
export class UnknownStudyError extends StudyError {
  constructor(name: string, known: readonly string[]) {
    super(`no study is named ${JSON.stringify(name)}; use ${known.join(', ')}`, { code: 'UNKNOWN_STUDY' });
  }
}

/** A data set of which nothing can be used with the model. */
export class NoUsablePairsError extends StudyError {
  constructor(dataSet: string, why: readonly string[]) {
    const more = why.length > 3 ? `; and ${why.length - 3} more` : '';
    super(
      `the data set ${JSON.stringify(dataSet)} has no pair that this model can be asked: ${why.slice(0, 3).join('; ')}${more}; give other pairs, or another model`,
      { code: 'NO_PAIRS' },
    );
  }
}

/** An experiment of a study that failed. Its code is the cause's. */
export class StudyStepError extends StudyError {
  constructor(step: string, cause: DemurError) {
    super(`step "${step}" of the study: ${cause.message}`, { code: cause.code, cause });
  }
}
