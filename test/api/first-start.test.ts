/** `npm start` on a machine where SmolLM2 cannot be had: the port first, then real experiments and the pages behind it. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer, temporaryFolder, type TestServer } from './server.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await server?.stop();
  await folder.remove();
});

/** Starts as `npm start` does, without any package index to fetch from; tells how long the first answer took. */
async function start(): Promise<void> {
  const begin = performance.now();
  const env = { DEMUR_DATA: folder.path, DEMUR_CACHE: `${folder.path}/cache`, PIP_NO_INDEX: '1' };
  server = await startServer(env, 'start');
  await server.get('{ experiments { totalCount } }');
  console.log(`start to first answer: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
}

interface Listing {
  experiments: { nodes: { kind: string; status: string; model: { slug: string }; dataSet: { size: number } }[] };
}

const LIST = '{ experiments { nodes { kind status model { slug } dataSet { size } } } }';

async function until<T>(what: () => Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await what();
    if (isIt(value)) return value;
    await sleep(200);
  }
}

it('answers at once, then runs two experiments on a tiny model and says so', async () => {
  await start();
  const { experiments } = await until(
    () => server.get<Listing>(LIST),
    ({ experiments: { nodes } }) =>
      nodes.length === 2 && nodes.every(({ status }) => status !== 'QUEUED' && status !== 'RUNNING'),
  );
  expect(experiments.nodes).toEqual(
    ['ATTRIBUTION', 'ACTIVATION_PATCHING'].map((kind) => ({
      kind,
      status: 'SUCCEEDED',
      model: { slug: 'tiny-random-llama' },
      dataSet: { size: 2 },
    })),
  );
  expect(server.output()).toContain('SmolLM2-135M-Instruct cannot be had');
  expect(server.output()).toContain(`curl -s ${server.url}/graphql`);
}, 400_000);

it('has the web interface on the same port, once it is built', async () => {
  const page = await until(
    () => fetch(server.url),
    ({ status }) => status !== 503,
  );
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('<title>demur');
}, 400_000);

it('adds nothing at the second start', async () => {
  expect(await server.stop()).toBe(0);
  await start();
  expect((await server.get<Listing>(LIST)).experiments.nodes).toHaveLength(2);
  await until(
    () => fetch(server.url),
    ({ status }) => status === 200,
  );
  expect(server.output()).not.toMatch(/Building|queued/);
}, 400_000);
