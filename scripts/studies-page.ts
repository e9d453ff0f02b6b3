/**
 * The checklist of claims in docs/studies.md, from the reports that lie in docs/studies: what the documents say, the steps of
 * the studies that test it, and what each model's report found. Not the words around it, which are written by hand.
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { STUDY_NAMES, type CheckedClaim, type StudyReport } from '@demur/studies';

const docs = fileURLToPath(new URL('../docs/', import.meta.url));

export const studiesPagePath = `${docs}studies.md`;

/** Folders of docs/studies, and what the page calls the models. */
const models = [
  { folder: 'refusal-organism', name: 'organism' },
  { folder: 'smollm2-135m-instruct', name: 'SmolLM2' },
] as const;

/** The steps, beside the contrast that all studies begin with, whose numbers a claim is told by. */
const testedBy: Record<string, string[]> = {
  'S1.object-induces-refusal': ['denoising', 'denoising-before', 'denoising-after'],
  'S1.object-is-the-place': ['denoising'],
  'S2.depends-on-layer': ['denoising'],
  'S3.eap-works': ['eap', 'exact'],
  'S3.many-edges': ['eap'],
  'S3.batch-of-one': ['eap'],
  'S3.sorting-is-slow': ['eap'],
  'S4.acdcpp-gives-no-circuit': ['scores', 'prune', 'acdcpp-1'],
  'S5.small-set-of-heads': ['scan'],
  'S5.early-layers': ['scan'],
  'S6.absolute-scores': ['contrast'],
  'S6.several-tokens': ['contrast'],
  'S6.object-and-last': ['residual-patching'],
  'S6.layers-of-interest': ['residual-patching'],
  'S6.attention-falls-short': ['attention-patching', 'up-to-patching'],
  'S6.attention-ends-early': ['up-to-patching'],
  'S6.mlp-at-object': ['mlp-patching', 'up-to-patching'],
  'S6.few-heads': ['head-scan'],
  'S6.heads-suffice': ['head-scan'],
  'S6.heads-fail-to-steer': ['heads-direction', 'heads-induce', 'heads-induce-examples'],
  'S6.heads-need-a-large-scale': ['heads-induce', 'heads-induce-examples'],
  'S6.difference-steers': ['difference-direction', 'difference-induce', 'difference-induce-examples'],
  'S6.inhibiting-fails': ['heads-inhibit', 'heads-ablate', 'difference-inhibit', 'difference-ablate'],
  'S6.metric-is-lossy': ['difference-induce-examples', 'difference-inhibit-examples'],
};

const sources = { notebooks: 'Llama-2-7b-chat', replication: 'Gemma-2' };

interface ModelReport {
  model: (typeof models)[number];
  report: StudyReport;
}

/** Of one study, by model. */
function reportsOf(study: string): ModelReport[] {
  return models.flatMap((model) => {
    const file = `${docs}studies/${model.folder}/${study}/report.json`;
    return existsSync(file) ? [{ model, report: JSON.parse(readFileSync(file, 'utf8')) as StudyReport }] : [];
  });
}

const BEGIN = '<!-- claims: written by npm run docs:studies -->';
const END = '<!-- end of claims -->';

/** The page with its checklist made anew, formatted as the repository is. */
export async function studiesPage(page: string): Promise<string> {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/studies.md lacks ${BEGIN} before ${END}`);
  const studies = STUDY_NAMES.map((study) => studyPart(reportsOf(study))).filter((part) => part !== '');
  const made = `${page.slice(0, begin)}${BEGIN}\n\n${studies.join('\n\n')}\n\n${page.slice(end)}`;
  return format(made, { ...(await resolveConfig(studiesPagePath)), filepath: studiesPagePath });
}

function studyPart(reports: ModelReport[]): string {
  const [first] = reports;
  if (first === undefined) return '';
  const { study, question } = first.report;
  const claims = testedClaims(reports);
  const names = reports.map(({ model }) => model.name);
  const items = claims.map((claim) => claimItem(claim, reports)).join('\n');
  const parts = [`### ${study}`, question, reports.map(reportLine).join('\n'), outcomeTable(claims, names), items];
  return parts.join('\n\n');
}

/** A link, and what it took. */
function reportLine({ model, report }: ModelReport): string {
  const { pairs } = report.dataSet;
  const link = `[${model.name}](studies/${model.folder}/${report.study}/report.html)`;
  const backend = report.steps[0]!.record.backend.name;
  const done = `${report.steps.length} experiments on ${pairs} pairs, ${report.seconds.toFixed(0)} s on ${backend}`;
  return `- ${link}: ${done}${report.stopped === null ? '' : `. ${report.stopped}`}`;
}

/** A claim, and what each report found of it; null where the study stopped before. */
interface TestedClaim {
  claim: CheckedClaim;
  found: { name: string; checked: CheckedClaim | null }[];
}

function testedClaims(reports: ModelReport[]): TestedClaim[] {
  const all = new Map(reports.flatMap(({ report }) => report.claims.map((claim) => [claim.id, claim] as const)));
  return [...all.values()].map((claim) => ({
    claim,
    found: reports.map(({ model, report }) => ({
      name: model.name,
      checked: report.claims.find(({ id }) => id === claim.id) ?? null,
    })),
  }));
}

const STOPPED = 'the study stopped';

/** The outcomes at a glance. */
function outcomeTable(claims: TestedClaim[], names: string[]): string {
  const rows = claims.map((tested) => [
    tested.claim.id,
    ...tested.found.map(({ checked }) => checked?.outcome ?? STOPPED),
    needsText(tested),
  ]);
  const header = ['claim', ...names, 'the claim’s own model'];
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A claim with the sentences that its outcomes rest on. */
function claimItem({ claim, found }: TestedClaim, reports: ModelReport[]): string {
  const says = `- **${claim.id}**: ${escaped(claim.text)} Tested by ${testersOf(claim.id, reports)}.`;
  const told = found.map(({ name, checked }) =>
    checked === null ? `  - ${name}: ${STOPPED}.` : `  - ${name}, ${checked.outcome}: ${escaped(checked.sentence)}`,
  );
  return [says, ...told].join('\n');
}

/** @throws Error for a claim that no step is named for here, or a step that no report has. */
function testersOf(id: string, reports: ModelReport[]): string {
  const steps = testedBy[id];
  if (steps === undefined) throw new Error(`scripts/studies-page.ts does not say which steps test ${id}`);
  const run = new Set(reports.flatMap(({ report }) => report.steps.map(({ name }) => name)));
  const missing = steps.find((step) => !run.has(step));
  if (missing !== undefined) throw new Error(`no report has the step ${missing}, which is to test ${id}`);
  return steps.map((step) => `\`${step}\``).join(', ');
}

/** Whether it was tested on any model here; its own model never was. */
function needsText({ claim: { source }, found }: TestedClaim): string {
  const isTested = found.some(({ checked }) => checked !== null && checked.outcome !== 'not tested');
  return isTested ? `${sources[source]}: not run` : `needs the model: ${sources[source]}`;
}

/** As text of Markdown. */
function escaped(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_').replaceAll('\n', ' ');
}
