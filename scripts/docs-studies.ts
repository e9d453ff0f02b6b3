/**
 * `npm run docs:studies`: writes the checklist of docs/studies.md anew from the reports in docs/studies. With
 * `-- --take DIR --as MODEL` it first takes the reports of the studies that were run to DIR/STUDY as those of that model.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { formatPairs, type PairSpec } from '@demur/interp';
import { reportHtml, STUDY_NAMES, type StudyReport } from '@demur/studies';
import { format } from 'prettier';
import { studiesPage, studiesPagePath } from './studies-page.ts';

const repository = fileURLToPath(new URL('../', import.meta.url));

/** A report as it is kept: without the folder that the repository lies in, and lists of pairs, which many steps have, in files. */
async function takeReport(from: string, to: string): Promise<void> {
  mkdirSync(to, { recursive: true });
  const report = JSON.parse(readFileSync(from, 'utf8').replaceAll(repository, '')) as StudyReport;
  const files = new Map<string, string>();
  for (const { spec } of report.steps) if (Array.isArray(spec.pairs)) spec.pairs = { file: fileOf(spec.pairs, files) };
  for (const [text, file] of files) writeFileSync(join(to, file), text);
  writeFileSync(join(to, 'report.json'), await format(JSON.stringify(report), { parser: 'json', printWidth: 120 }));
  writeFileSync(join(to, 'report.html'), reportHtml(report));
}

/** The name of the file that a list of pairs has in `files`, by its text. */
function fileOf(pairs: PairSpec[], files: Map<string, string>): string {
  const text = formatPairs(pairs, 'jsonl');
  const name = files.get(text) ?? `pairs-${files.size + 1}.jsonl`;
  files.set(text, name);
  return name;
}

const { take, as: model } = parseArgs({ options: { take: { type: 'string' }, as: { type: 'string' } } }).values;
if ((take === undefined) !== (model === undefined)) throw new Error('give --take DIR and --as MODEL together');
for (const study of take === undefined ? [] : STUDY_NAMES) {
  const report = join(take!, study, 'report.json');
  if (existsSync(report)) await takeReport(report, join(repository, 'docs/studies', model!, study));
}
writeFileSync(studiesPagePath, await studiesPage(readFileSync(studiesPagePath, 'utf8')));
