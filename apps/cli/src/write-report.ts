/** A study's report on disk: report.json. Under a temporary name until it is whole. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OutputError } from '@demur/interp';
import type { StudyReport } from '@demur/studies';

/** @throws OutputError where the folder cannot take it */
export async function writeReport(dir: string, report: StudyReport): Promise<void> {
  try {
    await writeWhole(join(dir, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
  } catch (cause) {
    throw new OutputError(dir, cause);
  }
}

async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.tmp`, text);
  await rename(`${file}.tmp`, file);
}
