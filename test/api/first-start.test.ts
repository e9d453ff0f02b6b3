/** `npm start` on a new database: the port first, then studies of the model that comes with demur, and the pages behind it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { root, startServer, temporaryFolder, type TestServer } from './server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await server?.stop();
  await folder.remove();
});

/** Starts as `npm start` does; tells how long the first answer took. */
async function start(): Promise<void> {
  const begin = performance.now();
  server = await startServer({ DEMUR_DATA: folder.path, DEMUR_BACKEND: 'auto', DEMUR_WORKERS: '2' }, 'start');
  await server.get('{ experiments { totalCount } }');
  console.log(`start to first answer: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

interface Listing {
  studies: { nodes: { id: string; name: string; status: string; model: { slug: string }; error: unknown }[] };
}

const LIST = '{ studies { nodes { id name status error { message } model { slug } } } }';
const studies = async () => (await server.get<Listing>(LIST)).studies.nodes;

async function until<T>(what: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await what();
    if (isIt(value)) return value;
    await sleep(200);
  }
}

/** The first query as a text shows it, in the JSON of its curl command. */
function firstQuery(text: string): string {
  const { query } = JSON.parse(/-d '(\{"query":.*\})'/.exec(text)![1]!) as { query: string };
  return query;
}

it('answers at once, with four studies of one model in its queue', async () => {
  await start();
  const queued = await until(studies, ({ length }) => length > 0);
  expect(queued.map(({ name, model }) => [name, model.slug])).toEqual(
    ['REFUSAL_HEADS', 'EAP_HEADS', 'LAYER_CURVE', 'OBJECT_PATCHING'].map((name) => [name, 'refusal-organism']),
  );
  expect(server.output()).toContain(`curl -s ${server.url}/graphql`);
});

it('has the web interface on the same port, once it is built', async () => {
  const page = await until(
    () => fetch(server.url),
    ({ status }) => status !== 503,
  );
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>demur');
});

it('goes on with them at the second start, and adds nothing', async () => {
  const before = await studies();
  expect(await server.stop()).toBe(0);
  await start();
  const after = await until(studies, (nodes) =>
    nodes.every(({ status }) => status !== 'QUEUED' && status !== 'RUNNING'),
  );
  expect(after.map(({ id, status, error }) => ({ id, status, error }))).toEqual(
    before.map(({ id }) => ({ id, status: 'SUCCEEDED', error: null })),
  );
  expect(server.output()).not.toMatch(/Building|are being made/);
});

it('then answers the first query of the greeting, which is README.md’s, with the strongest edges', async () => {
  const query = firstQuery(server.output());
  expect(firstQuery(readFileSync(join(root, 'README.md'), 'utf8'))).toBe(query);
  interface FirstAnswer {
    studies: { nodes: { status: string; circuits: { edges: { nodes: { name: string; score: number }[] } }[] }[] };
  }
  const [study, ...more] = (await server.get<FirstAnswer>(query)).studies.nodes;
  expect(more).toEqual([]);
  expect(study!.status).toBe('SUCCEEDED');
  expect(study!.circuits.length).toBeGreaterThan(0);
  for (const { edges } of study!.circuits) {
    const strengths = edges.nodes.map(({ score }) => Math.abs(score));
    expect(strengths).toHaveLength(10);
    expect(strengths.at(-1)).toBeGreaterThan(0);
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
  }
});
