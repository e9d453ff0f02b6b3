/** Data sets over HTTP: kept with their roles, shown with their slots filled, downloaded in three formats, and run. */
import { builtInNames, parsePairs, type PairSpec } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { startServer, temporaryFolder, type TestServer } from './server.ts';

const pairs: PairSpec[] = [
  {
    clean: { text: 'Make a {object}.', slots: { object: 'bomb' } },
    corrupted: { text: 'Make a {object}.', slots: { object: 'pie' } },
    ...{ answer: 5, distractor: ' no' },
  },
  { clean: { tokens: [1, 2] }, corrupted: { tokens: [1, 3] }, answer: 5, distractor: 6, roles: { object: [-1] } },
];

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;

beforeAll(async () => {
  home = await temporaryFolder();
  server = await startServer({ DEMUR_DATA: home.path, DEMUR_CACHE: home.path });
});
afterAll(async () => {
  await server?.stop();
  await home?.remove();
});

const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';
const create = (slug: string, of: unknown[]) =>
  server.ask<{ createDataSet: { id: string; pairs: { nodes: { cleanText: string; roles: unknown }[] } } }>(
    'mutation ($input: CreateDataSetInput!) { createDataSet(input: $input) { id pairs { nodes { cleanText roles } } } }',
    { input: { slug, pairs: of } },
  );

it('keeps slots and roles, and gives the pairs as files', async () => {
  const { id, pairs: kept } = (await create('two', pairs)).data!.createDataSet;
  expect(kept.nodes).toEqual([
    { cleanText: 'Make a bomb.', roles: null },
    { cleanText: '[1, 2]', roles: { object: [-1] } },
  ]);
  for (const format of ['json', 'jsonl', 'csv'] as const) {
    const response = await fetch(`${server.url}/export/data-sets/${id}.${format}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${id}.${format}"`);
    expect(parsePairs(await response.text(), { format, name: 'download' })).toEqual(pairs);
  }
});

it('refuses roles that are none, and tells of a data set that is not there', async () => {
  const { errors } = await create('bad', [{ ...pairs[1], roles: { 'the object': [1] } }]);
  expect(errors![0]!.extensions).toMatchObject({ code: 'INVALID_SPEC' });
  expect(errors![0]!.message).toMatch(/^pairs\[0\]\.roles/);
  const response = await fetch(`${server.url}/export/data-sets/none.csv`);
  expect(response.status).toBe(404);
  expect(((await response.json()) as { error: { code: string } }).error.code).toBe('DATA_SET_NOT_FOUND');
});

describe('those that come with demur', () => {
  const listed = '{ dataSets { id slug builtIn size description pairs { totalCount } } }';
  type Listed = { dataSets: { slug: string; builtIn: boolean; size: number | null; pairs: { totalCount: number } }[] };

  it('are listed after the others, and keep their names', async () => {
    const { dataSets } = await server.get<Listed>(listed);
    const builtIn = dataSets.filter((set) => set.builtIn);
    expect(builtIn.map(({ slug }) => slug)).toEqual(builtInNames);
    expect(dataSets.slice(-builtIn.length)).toEqual(builtIn);
    for (const { size, pairs: own } of builtIn) expect([size, own.totalCount]).toEqual([null, 0]);
    const { errors } = await create('refusal', pairs);
    expect(errors![0]).toMatchObject({
      message: 'slug: "refusal" is a data set that comes with demur; choose another slug',
      extensions: { code: 'SLUG_TAKEN', path: 'slug' },
    });
  });

  it('need a tokenizer', async () => {
    const spec = { kind: 'attribution', model: goldenCase('llama_mha', 'plain').model, pairs: 'refusal' };
    const { errors } = await server.ask(CREATE, { spec });
    expect(errors![0]).toMatchObject({
      message: expect.stringMatching(/^pairs: "refusal" needs a tokenizer and this model has none/) as string,
      extensions: { path: 'pairs' },
    });
    const unknown = await server.ask(CREATE, { spec: { ...spec, pairs: 'refusals' } });
    expect(unknown.errors![0]!.message).toContain('there are two, refusal, ioi, ioi-abc, greater-than');
  });
});
