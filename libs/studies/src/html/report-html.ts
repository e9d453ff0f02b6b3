/** A report as one page that stands alone: no script, nothing fetched, both themes, good on paper. Not the pages of the server. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { durationText } from '@demur/charts';
import type { ReportSection, StudyReport } from '../report.ts';
import { claimList } from './claim-list.ts';
import { figureSvg } from './figure-svg.ts';
import { figureTable } from './figure-table.ts';
import { element, escapeText } from './markup.ts';
import { stepList } from './step-list.ts';
import { tableHtml } from './table-html.ts';

export function reportHtml(report: StudyReport): string {
  const head = [
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`,
    element('title', {}, escapeText(`${report.title} · ${report.model.name} · demur`)),
    element('style', {}, style()),
  ];
  const main = element('main', {}, heading(report), ...parts(report));
  return `<!doctype html>\n${element('html', { lang: 'en' }, element('head', {}, ...head), element('body', {}, main))}\n`;
}

/** The theme of the pages and what is the report's own. */
const style = (): string =>
  [import.meta.resolve('@demur/charts/theme.css'), new URL('report.css', import.meta.url)]
    .map((file) => readFileSync(fileURLToPath(file), 'utf8'))
    .join('\n');

function heading({ title, question, model, dataSet, startedAt, seconds, stopped }: StudyReport): string {
  const shape = `${model.family}, ${model.nLayers} layers of ${model.nHeads} heads, width ${model.dModel}`;
  const facts = [
    fact('Model', `${model.name} (${shape})`),
    fact('Data set', `${dataSet.name}, ${dataSet.pairs} pairs`),
    fact('Run', `${startedAt.slice(0, 16).replace('T', ' ')} UTC, ${durationText(seconds)}`),
  ];
  return element(
    'header',
    {},
    element('h1', {}, escapeText(title)),
    element('p', { class: 'question' }, escapeText(question)),
    element('dl', { class: 'facts' }, ...facts),
    stopped === null ? '' : element('p', { class: 'stopped', role: 'note' }, escapeText(stopped)),
  );
}

const fact = (name: string, value: string): string =>
  element('div', {}, element('dt', {}, name), element('dd', {}, escapeText(value)));

/** Below the heading: what is in the report, then that. */
function parts({ sections, claims, steps, dataSet }: StudyReport): string[] {
  const all = [
    ...sections.map((section) => ({ title: section.title, content: sectionContent(section) })),
    { title: 'Beside earlier findings', content: claims.length > 0 ? [claimList(claims)] : [] },
    { title: 'Pairs that deserve a look', content: warnings(dataSet.warnings) },
    { title: 'Experiments', content: [stepList(steps)] },
  ].filter(({ content }) => content.length > 0);
  const links = all.map(({ title }, i) =>
    element('li', {}, element('a', { href: `#part-${i + 1}` }, escapeText(title))),
  );
  const shown = all.map(({ title, content }, i) =>
    element('section', { id: `part-${i + 1}` }, element('h2', {}, escapeText(title)), ...content),
  );
  return [element('nav', { 'aria-label': 'Contents' }, element('ol', {}, ...links)), ...shown];
}

const sectionContent = ({ paragraphs, figures, tables }: ReportSection): string[] => [
  ...paragraphs.map((text) => element('p', {}, escapeText(text))),
  ...figures.map(figureHtml),
  ...tables.map((table) => element('figure', {}, caption(table.title, ''), tableHtml(table))),
];

const figureHtml = (figure: ReportSection['figures'][number]): string =>
  element(
    'figure',
    {},
    caption(figure.title, figure.caption),
    element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': figure.title }, figureSvg(figure)),
    element('details', {}, element('summary', {}, 'Numbers'), tableHtml(figureTable(figure))),
  );

const caption = (title: string, text: string): string =>
  element('figcaption', {}, element('strong', {}, escapeText(title)), text === '' ? '' : ` ${escapeText(text)}`);

/** What the linter said, folded where it is much. */
function warnings(sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  const list = element('ul', {}, ...sentences.map((text) => element('li', {}, escapeText(text))));
  if (sentences.length <= 5) return [list];
  return [element('details', {}, element('summary', {}, `${sentences.length} sentences of the linter`), list)];
}
