/** A study's report on disk: report.json for programs, report.html for readers. */
import { reportHtml, type StudyReport } from '@demur/studies';
import { writeWhole } from './write-whole.ts';

/** @throws OutputError where the folder cannot take it */
export function writeReport(dir: string, report: StudyReport): Promise<void> {
  const json = `${JSON.stringify(report, null, 1)}\n`;
  return writeWhole(dir, { 'report.json': json, 'report.html': reportHtml(report) });
}
