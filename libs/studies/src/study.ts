/** What a study is: a question, the experiments that answer it, and what is made of their numbers. */
import type { ExperimentSpec, NamedArray, ResolvedDataSet, ResultJson } from '@demur/interp';
import type { ModelConfig, Tokenizer } from '@demur/model';
import type { CheckedClaim } from './claims.ts';
import type { RefusalContrast, ReportSection } from './report.ts';
import type { StudyName } from './study-names.ts';

/** What a study is asked of; prepare-study.ts makes it. */
export interface StudyGiven {
  /** As specs name them. */
  model: string;
  pairs: ExperimentSpec['pairs'];
  /** What reports call the pairs: the name of a data set, or of a file. */
  dataSetName: string;
  seed: number;
  config: ModelConfig;
  tokenizer: Tokenizer | null;
  dataSet: ResolvedDataSet;
}

/** A spec without what all steps of a study have in common; the options as a file would give them, defaults left out. */
export interface StepSpec {
  kind: ExperimentSpec['kind'];
  options?: Record<string, unknown>;
  metric?: unknown;
  /** Other pairs than the study's. */
  pairs?: ExperimentSpec['pairs'];
}

/** A step that has run. */
export interface StudyFinding {
  /** What later steps call it by: `{ "experiment": finding.experiment }`. */
  experiment: string;
  result: ResultJson;
  /** @throws StudyError for an array that the experiment does not have */
  array: (name: string) => Promise<NamedArray>;
}

/** A study under way. */
export interface StudyRun {
  given: StudyGiven;
  refusal: RefusalContrast;
  /** Runs one of the study's steps, by its name. */
  step: (name: string, spec: StepSpec) => Promise<StudyFinding>;
}

export interface StudyContent {
  sections: ReportSection[];
  claims: CheckedClaim[];
}

export interface Study {
  name: StudyName;
  title: string;
  question: string;
  /** Every step that it may run, in order; the first of all, the refusal contrast, is not among them. */
  steps: readonly { name: string; title: string }[];
  run: (run: StudyRun) => Promise<StudyContent>;
}
