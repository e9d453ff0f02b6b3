/** @demur/studies: the studies of refusal, each a few experiments and a report. Without a tensor library. */
export type { CheckedClaim, Claim, ClaimSource } from './claims.ts';
export type { Axis, BarChart, Figure, HeatMap, Histogram, LineChart, Series, Table } from './figure.ts';
export type {
  GroupSummary,
  RefusalContrast,
  ReportSection,
  StudyDataSet,
  StudyModel,
  StudyReport,
  StudyStep,
} from './report.ts';
export type { StepSpec, Study, StudyContent, StudyFinding, StudyGiven, StudyRun } from './study.ts';
export { STUDY_NAMES, type StudyName } from './study-names.ts';
export { NoUsablePairsError, StudyError, StudyStepError, UnknownStudyError } from './errors.ts';
export { prepareStudy, type StudyPlaces, type StudyRequest } from './prepare-study.ts';
export { figureSvg } from './html/figure-svg.ts';
export { figureTable } from './html/figure-table.ts';
export { reportHtml } from './html/report-html.ts';
export { runStudy, type RunStudyOptions, type StepOutcome, type StepPlace, type StudyExecutor } from './run-study.ts';
export { studies, studyOf } from './studies/index.ts';
