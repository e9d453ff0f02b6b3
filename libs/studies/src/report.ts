/** What a study leaves behind: the JSON that machines read, and from which the pages are drawn. Not how it is drawn. */
import type { ExperimentSpec, RunRecord } from '@demur/interp';
import type { Figure, Table } from './figure.ts';
import type { CheckedClaim } from './claims.ts';
import type { StudyName } from './study-names.ts';

export interface StudyReport {
  study: StudyName;
  title: string;
  /** What it asks, as a sentence. */
  question: string;
  /** When it began, ISO 8601, and the seconds of all steps, those of kept ones included. */
  startedAt: string;
  seconds: number;
  model: StudyModel;
  dataSet: StudyDataSet;
  refusal: RefusalContrast;
  /** Why the study went no further than the refusal contrast; null for one that was done. */
  stopped: string | null;
  sections: ReportSection[];
  /** What the seeds found on their models, beside what was found here. */
  claims: CheckedClaim[];
  steps: StudyStep[];
}

export interface StudyModel {
  /** As it was given: a path, a Hub id, a slug. */
  name: string;
  family: string;
  nLayers: number;
  nHeads: number;
  dModel: number;
  weightsSha256: string;
}

export interface StudyDataSet {
  name: string;
  /** Pairs that were used. */
  pairs: number;
  /** What the linter said: objects that were dropped, and why. */
  warnings: string[];
}

/** Whether the model refuses what it should and nothing else, by the metric at the last position. */
export interface RefusalContrast {
  clean: GroupSummary;
  corrupted: GroupSummary;
  /** P(metric of a clean prompt > metric of a corrupted one), ties half (the area under the ROC curve): 1 apart, 0.5 mixed. */
  separation: number;
}

/** One group of prompts; clean ones are those to refuse. */
export interface GroupSummary {
  mean: number;
  /** Standard deviation over prompts. */
  deviation: number;
  least: number;
  most: number;
  /** Share of prompts whose metric is above 0: the refusing token is likelier than the complying one. */
  refused: number;
}

export interface ReportSection {
  title: string;
  /** Sentences with the measured numbers in them. Plain text. */
  paragraphs: string[];
  figures: Figure[];
  tables: Table[];
}

/** One experiment of the study. */
export interface StudyStep {
  name: string;
  title: string;
  spec: ExperimentSpec;
  specHash: string;
  /** Where it is kept: a folder relative to the report, or an experiment's id. */
  experiment: string;
  /** Wall seconds. */
  seconds: number;
  record: RunRecord;
}
