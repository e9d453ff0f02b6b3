/** Rows of the database, and reports, as GraphQL shows them. */
import type { StudySummary } from '@demur/db';
import { figureSvg, figureTable, studyOf, type StudyReport as Report } from '@demur/studies';
import { builtInDataSet } from '../data-set/built-in-data-sets.ts';
import type { CheckedClaim, ReportSection, StudyReport } from './study-report.type.ts';
import type { Study } from './study.type.ts';

/** The study without what its resolver fetches when asked for. */
export function toStudy(row: StudySummary): Study {
  const { id, status, progress, stopped, modelId, dataSet, createdAt, startedAt, finishedAt } = row;
  const { name, title, question } = studyOf(row.name);
  return {
    ...{ name, title, question },
    ...{ id, status, progress, stopped, modelId, createdAt, startedAt, finishedAt },
    error: row.error === null ? null : { ...row.error, path: row.error.path ?? null },
    modelName: row.model,
    dataSetName: dataSet,
    dataSetId: row.dataSetId ?? builtInDataSet(dataSet)?.id ?? null,
    ...row.options,
  };
}

/** The report with its figures drawn. */
export function toReport(report: Report): StudyReport {
  const { startedAt, seconds, model, dataSet, refusal, stopped, sections, claims } = report;
  return {
    ...{ seconds, model, dataSet, refusal, stopped },
    startedAt: new Date(startedAt),
    sections: sections.map(toSection),
    claims: claims as CheckedClaim[],
  };
}

function toSection({ title, paragraphs, figures, tables }: Report['sections'][number]): ReportSection {
  const drawn = figures.map((figure) => ({
    title: figure.title,
    caption: figure.caption,
    svg: figureSvg(figure),
    numbers: figureTable(figure),
  }));
  return { title, paragraphs, figures: drawn, tables };
}
