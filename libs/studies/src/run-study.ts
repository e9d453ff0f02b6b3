/**
 * Runs a study: the refusal contrast first, then the study's own experiments, and the report of it all. Where experiments
 * run, and where their results stay, is the executor's matter: a folder of the command, or jobs of the server.
 */
import { parseSpec, type ExperimentSpec, type NamedArray, type ResultJson } from '@demur/interp';
import { DemurError } from '@demur/model';
import { StudyError, StudyStepError } from './errors.ts';
import { contrastSection, contrastSpec, CONTRAST_STEP, refusalContrast, stopReason } from './refusal-contrast.ts';
import type { ReportSection, StudyDataSet, StudyModel, StudyReport, StudyStep } from './report.ts';
import type { StepSpec, Study, StudyFinding, StudyGiven } from './study.ts';

/** Which of a study's experiments is meant. */
export interface StepPlace {
  name: string;
  title: string;
  /** Counted from 1; the contrast is the first. */
  index: number;
  /** Steps that the study may run; some leave one out. */
  total: number;
}

/** An experiment that has run. */
export interface StepOutcome {
  /** What later specs call it by, `{ "experiment": … }`. */
  experiment: string;
  result: ResultJson;
  array: (name: string) => Promise<NamedArray | undefined>;
  /** Wall seconds. */
  seconds: number;
}

/** Where a study's experiments run. */
export interface StudyExecutor {
  run(step: StepPlace, spec: ExperimentSpec, signal?: AbortSignal): Promise<StepOutcome>;
}

export interface RunStudyOptions {
  signal?: AbortSignal | undefined;
  /** Told before each step. */
  onStep?: ((step: StepPlace) => void) | undefined;
  /** Goes on although the metric hardly tells the two groups of prompts apart. */
  evenIfMixed?: boolean | undefined;
}

/**
 * Runs a study to its report. A study whose groups are mixed stops after the contrast, which the report then says.
 * @throws StudyStepError for an experiment that fails, CancelledError when `signal` aborts
 */
export async function runStudy(
  study: Study,
  given: StudyGiven,
  executor: StudyExecutor,
  options: RunStudyOptions = {},
): Promise<StudyReport> {
  const startedAt = new Date().toISOString();
  const steps = new StudySteps(study, { given, executor, options });
  const contrast = await steps.run(CONTRAST_STEP.name, contrastSpec);
  const values = {
    clean: (await contrast.array('clean.metric')).values,
    corrupted: (await contrast.array('corrupted.metric')).values,
  };
  const refusal = refusalContrast(values);
  const reason = stopReason(refusal);
  const stopped = options.evenIfMixed === true ? null : reason;
  const step = (name: string, spec: StepSpec) => steps.run(name, spec);
  const content = stopped === null ? await study.run({ given, refusal, step }) : { sections: [], claims: [] };
  const opening = contrastSection(values, { refusal, result: contrast.result });
  return {
    study: study.name,
    title: study.title,
    question: study.question,
    startedAt,
    seconds: steps.done.reduce((sum, { seconds }) => sum + seconds, 0),
    model: modelOf(given, contrast.result),
    dataSet: dataSetOf(given),
    refusal,
    stopped,
    sections: [stopped === null && reason !== null ? withDoubt(opening, reason) : opening, ...content.sections],
    claims: content.claims,
    steps: steps.done,
  };
}

/** The opening section of a study that was asked to go on although the groups are mixed. */
function withDoubt(opening: ReportSection, reason: string): ReportSection {
  return { ...opening, paragraphs: [...opening.paragraphs, `${reason} The study was asked to go on all the same.`] };
}

function modelOf({ model, config }: StudyGiven, { record }: ResultJson): StudyModel {
  const { family, nLayers, nHeads, dModel } = config;
  return { name: model, family, nLayers, nHeads, dModel, weightsSha256: record.model.weightsSha256 };
}

function dataSetOf({ dataSetName, dataSet }: StudyGiven): StudyDataSet {
  return { name: dataSetName, pairs: dataSet.pairs.length, warnings: dataSet.warnings };
}

/** The steps of one run of a study, in the order in which they end. */
class StudySteps {
  readonly done: StudyStep[] = [];
  readonly #planned: readonly { name: string; title: string }[];
  readonly #context: { given: StudyGiven; executor: StudyExecutor; options: RunStudyOptions };

  constructor(study: Study, context: { given: StudyGiven; executor: StudyExecutor; options: RunStudyOptions }) {
    this.#planned = [CONTRAST_STEP, ...study.steps];
    this.#context = context;
  }

  async run(name: string, own: StepSpec): Promise<StudyFinding> {
    const { given, executor, options } = this.#context;
    const step = this.#placeOf(name);
    options.signal?.throwIfAborted();
    options.onStep?.(step);
    const outcome = await this.#named(name, async () => {
      const { model, pairs, seed } = given;
      return executor.run(step, parseSpec({ model, pairs, seed, ...own }), options.signal);
    });
    const { experiment, result, seconds } = outcome;
    const { spec, specHash, record } = result;
    this.done.push({ name, title: step.title, spec, specHash, experiment, seconds, record });
    return { experiment, result, array: (array) => requiredArray(outcome, array) };
  }

  #placeOf(name: string): StepPlace {
    const at = this.#planned.findIndex((step) => step.name === name);
    if (at < 0) throw new Error(`the study has no step ${JSON.stringify(name)}`);
    return { ...this.#planned[at]!, index: at + 1, total: this.#planned.length };
  }

  /** What goes wrong in a step says which; one that was cancelled has not gone wrong. */
  async #named(name: string, run: () => Promise<StepOutcome>): Promise<StepOutcome> {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof DemurError) || error.code === 'CANCELLED') throw error;
      throw new StudyStepError(name, error);
    }
  }
}

async function requiredArray({ experiment, array }: StepOutcome, name: string): Promise<NamedArray> {
  const found = await array(name);
  if (found === undefined) throw new StudyError(`the experiment ${experiment} has no array ${JSON.stringify(name)}`);
  return found;
}
