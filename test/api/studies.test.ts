/** Studies through the whole way: asked for over GraphQL, progress, report, downloads; stopped, failed, killed and gone on. */
import type { StudyReport } from '@demur/studies';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomPairs, tinyModel } from '../studies/tiny-study.ts';
import { root, startServer, temporaryFolder, type TestServer } from './server.ts';

const model = tinyModel('llama_gqa_tied');

interface StudyAnswer {
  id: string;
  name: string;
  status: string;
  error: { code: string; message: string } | null;
  stopped: string | null;
  progress: { step: string; index: number; total: number } | null;
  modelName: string;
  dataSetName: string;
  steps: { name: string; experiment: { id: string; kind: string; status: string } }[];
}

interface Shown {
  sections: { figures: { svg: string; numbers: { rows: unknown[][] } }[] }[];
}

const FIELDS = `id name status error { code message } stopped progress { step index total } modelName dataSetName
  steps { name experiment { id kind status } }`;
const CREATE = `mutation ($input: CreateStudyInput!) { createStudy(input: $input) { ${FIELDS} } }`;
const CANCEL = `mutation ($id: ID!) { cancelStudy(id: $id) { ${FIELDS} } }`;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  await start();
  await server.get('mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id } }', {
    input: { path: model, slug: 'tiny' },
  });
  // Enough pairs of the last that the server can be killed, and the study stopped, in the middle.
  for (const [slug, pairs] of Object.entries({ few: randomPairs(6), many: randomPairs(400) }))
    await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
      input: { slug, pairs },
    });
});
afterAll(async () => {
  await server?.stop();
  await folder.remove();
});

async function start(): Promise<void> {
  server = await startServer({ DEMUR_DATA: join(folder.path, 'data') });
}

async function create(input: object): Promise<StudyAnswer> {
  const asked = { name: 'LAYER_CURVE', model: 'tiny', dataSet: 'few', evenIfMixed: true, ...input };
  return (await server.get<{ createStudy: StudyAnswer }>(CREATE, { input: asked })).createStudy;
}

async function studyOf(id: string): Promise<StudyAnswer> {
  const query = `query ($id: ID!) { study(id: $id) { ${FIELDS} } }`;
  return (await server.get<{ study: StudyAnswer }>(query, { id })).study;
}

async function until(id: string, isIt: (study: StudyAnswer) => boolean): Promise<StudyAnswer> {
  for (;;) {
    const study = await studyOf(id);
    if (isIt(study)) return study;
    expect(['QUEUED', 'RUNNING'], JSON.stringify(study)).toContain(study.status);
    await sleep(50);
  }
}

const ended = (id: string) => until(id, ({ status }) => status !== 'QUEUED' && status !== 'RUNNING');

/** Waits until the experiment of a step runs, and gives the study then. */
const running = (id: string, step: string) =>
  until(id, ({ steps }) => steps.some(({ name, experiment }) => name === step && experiment.status === 'RUNNING'));

async function download(path: string): Promise<Response> {
  const response = await fetch(`${server.url}${path}`);
  expect(response.headers.get('content-disposition') ?? 'none').toContain(response.ok ? 'attachment' : 'none');
  return response;
}

/** What the command writes of the same study. */
async function byCommand(): Promise<StudyReport> {
  const [pairs, out] = [join(folder.path, 'few.json'), join(folder.path, 'out')];
  await writeFile(pairs, JSON.stringify(randomPairs(6)));
  const engine = ['--backend', 'wasm', '--workers', '1'];
  const args = ['study', 'layer-curve', '--model', model, '--data', pairs, '--out', out, '--even-if-mixed', ...engine];
  await promisify(execFile)(join(root, 'node_modules/.bin/demur'), args, { cwd: root });
  return JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as StudyReport;
}

describe('a study that is made', () => {
  let study: StudyAnswer;
  let report: StudyReport;
  beforeAll(async () => {
    const { id, name, status, dataSetName } = await create({});
    expect({ name, status, dataSetName }).toEqual({ name: 'LAYER_CURVE', status: 'QUEUED', dataSetName: 'few' });
    study = await ended(id);
    report = (await (await download(`/export/studies/${id}.json`)).json()) as StudyReport;
  });

  it('has its experiments in the order of its steps', () => {
    expect(study).toMatchObject({
      status: 'SUCCEEDED',
      error: null,
      stopped: null,
      progress: { step: 'noising', index: 3, total: 3 },
    });
    expect(study.steps.map(({ name, experiment }) => [name, experiment.kind, experiment.status])).toEqual([
      ['contrast', 'ACTIVATIONS', 'SUCCEEDED'],
      ['denoising', 'ACTIVATION_PATCHING', 'SUCCEEDED'],
      ['noising', 'ACTIVATION_PATCHING', 'SUCCEEDED'],
    ]);
    expect(report.steps.map(({ experiment }) => experiment)).toEqual(
      study.steps.map(({ experiment }) => experiment.id),
    );
  });

  it('says the same, to the last digit, as the command', async () => {
    const { refusal, sections, claims, question } = await byCommand();
    expect(report).toMatchObject({ refusal, sections, claims, question, stopped: null });
  });

  it('is shown with its figures drawn, and their numbers', async () => {
    const query = `query ($id: ID!) { study(id: $id) { model { slug } dataSet { size } experiments { id } circuits { id }
      report { seconds stopped refusal { separation } dataSet { pairs } claims { id outcome }
        sections { title paragraphs figures { title svg numbers { columns rows } } tables { title rows } } } } }`;
    const { study: shown } = await server.get<{ study: { report: Shown } }>(query, study);
    expect(shown).toMatchObject({
      model: { slug: 'tiny' },
      dataSet: { size: 6 },
      circuits: [],
      report: {
        stopped: null,
        refusal: { separation: report.refusal.separation },
        dataSet: { pairs: 6 },
        claims: report.claims.map(({ id }) => ({ id })),
        sections: report.sections.map(({ title, paragraphs }) => ({ title, paragraphs })),
      },
    });
    const [histogram, curve] = shown.report.sections.flatMap(({ figures }) => figures);
    expect(histogram!.svg).toMatch(/^<svg .*<title>.*<\/svg>$/s);
    expect(curve!.numbers.rows).toHaveLength(3);
  });

  it('can be downloaded as a page', async () => {
    const page = await download(`/export/studies/${study.id}.html`);
    expect(page.headers.get('content-type')).toContain('text/html');
    const text = await page.text();
    expect(text).toMatch(/^<!doctype html>/);
    for (const { title } of report.sections) expect(text).toContain(title);
  });

  it('is not made twice of the same weights and pairs, and is with another seed', async () => {
    expect((await create({ model })).id).toBe(study.id);
    const other = await create({ seed: 1 });
    expect(other.id).not.toBe(study.id);
    expect(await ended(other.id)).toMatchObject({ status: 'SUCCEEDED' });
  });

  it('is listed', async () => {
    const query = `query ($filter: StudyFilter) { studies(filter: $filter, first: 1) {
      totalCount nodes { name } pageInfo { hasNextPage } } }`;
    const list = (filter: object) => server.get(query, { filter });
    expect(await list({ names: ['LAYER_CURVE'], statuses: ['SUCCEEDED'], model: 'tiny' })).toEqual({
      studies: { totalCount: 2, nodes: [{ name: 'LAYER_CURVE' }], pageInfo: { hasNextPage: true } },
    });
    expect(await list({ names: ['ACDCPP'] })).toMatchObject({ studies: { totalCount: 0 } });
  });
});

it('stops after the contrast where there is no refusal to find, and says so', async () => {
  const { id } = await create({ evenIfMixed: false });
  const { status, stopped, steps } = await ended(id);
  expect({ status, steps }).toMatchObject({ status: 'SUCCEEDED', steps: [{ name: 'contrast' }] });
  const report = (await (await download(`/export/studies/${id}.json`)).json()) as StudyReport;
  expect(stopped).toContain('no refusal to find');
  expect(report).toMatchObject({ stopped, claims: [] });
});

describe('what cannot be made', () => {
  it.each([
    [{ model: 'nobody' }, 'UNKNOWN_MODEL', '"nobody" is neither'],
    [{ dataSet: 'nothing' }, 'UNKNOWN_DATA_SET', '"nothing" is not a data set'],
    [{ dataSet: 'refusal' }, 'INVALID_PAIR', 'needs a tokenizer'],
    [{ model: '' }, 'INVALID_SPEC', 'model'],
    [{ model: '/etc/hosts.gguf' }, 'PATH_NOT_ALLOWED', '/etc'],
  ])('%o is refused', async (input, code, words) => {
    const asked = { name: 'LAYER_CURVE', model: 'tiny', dataSet: 'few', ...input };
    const { errors } = await server.ask(CREATE, { input: asked });
    expect(errors![0]!.extensions.code).toBe(code);
    expect(errors![0]!.message).toContain(words);
  });

  it('pairs of which none can be used are', async () => {
    const pairs = randomPairs(2).map((pair) => ({ ...pair, distractor: pair.answer }));
    await server.get('mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id } }', {
      input: { slug: 'useless', pairs },
    });
    const { errors } = await server.ask(CREATE, { input: { name: 'EAP_HEADS', model: 'tiny', dataSet: 'useless' } });
    expect(errors![0]).toMatchObject({ extensions: { code: 'NO_PAIRS' } });
    expect(errors![0]!.message).toContain('"useless" has no pair');
  });

  it('has no report to download', async () => {
    const { id } = await create({ dataSet: 'many' });
    await server.get(CANCEL, { id });
    for (const [path, status] of [
      ['nowhere.html', 404],
      [`${id}.json`, 400],
    ] as const)
      expect((await download(`/export/studies/${path}`)).status).toBe(status);
    expect(await server.get('{ study(id: "nowhere") { id } }')).toEqual({ study: null });
  });
});

describe('a study in the middle', () => {
  it('is cancelled with its experiment, and can be asked for again', async () => {
    const { id } = await create({ dataSet: 'many' });
    await running(id, 'denoising');
    const { cancelStudy } = await server.get<{ cancelStudy: StudyAnswer }>(CANCEL, { id });
    expect(cancelStudy.status).toBe('CANCELLED');
    expect(cancelStudy.steps.map(({ experiment }) => experiment.status)).toEqual(['SUCCEEDED', 'CANCELLED']);
    expect((await server.get<{ cancelStudy: StudyAnswer }>(CANCEL, { id })).cancelStudy.status).toBe('CANCELLED');
    expect((await server.ask(CANCEL, { id: 'nowhere' })).errors![0]!.extensions.code).toBe('STUDY_NOT_FOUND');
  });

  it('fails with the name of the step whose experiment was stopped', async () => {
    const { id } = await create({ dataSet: 'many' });
    const { steps } = await running(id, 'denoising');
    const { experiment } = steps[1]!;
    await server.get('mutation ($id: ID!) { cancelExperiment(id: $id) { id } }', { id: experiment.id });
    const { status, error } = await ended(id);
    expect({ status, code: error?.code }).toEqual({ status: 'FAILED', code: 'STEP_CANCELLED' });
    expect(error?.message).toContain('step "denoising" of the study');
  });

  it('goes on where it was when the server is killed, and repeats no experiment', async () => {
    const { id } = await create({ dataSet: 'many' });
    const before = await running(id, 'denoising');
    process.kill(server.pid, 'SIGKILL');
    await start();
    const after = await ended(id);
    expect(after).toMatchObject({ status: 'SUCCEEDED', steps: [{}, {}, { name: 'noising' }] });
    const ids = ({ steps }: StudyAnswer) => steps.map(({ experiment }) => experiment.id);
    expect(ids(after).slice(0, 2)).toEqual(ids(before));
    const query = '{ experiments(filter: { dataSet: "many", statuses: [SUCCEEDED] }) { totalCount } }';
    expect(await server.get(query)).toEqual({ experiments: { totalCount: 3 } });
  });
});
