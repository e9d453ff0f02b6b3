/** A study's report on disk: report.json for programs, report.html for readers. Under temporary names until they are whole. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '@demur/interp';
import { reportHtml, type StudyReport } from '@demur/studies';

/** @throws OutputError where the folder cannot take it */
export async function writeReport(dir: string, report: StudyReport): Promise<void> {
  try {
    await writeWhole(join(dir, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
    await writeWhole(join(dir, 'report.html'), reportHtml(report));
  } catch (cause) {
    throw new OutputError(dir, cause);
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.tmp`, text);
  await rename(`${file}.tmp`, file);
}
