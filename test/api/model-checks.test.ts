/** Checks of a model over HTTP: queued, made by the engine, kept with the model. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { startServer, temporaryFolder, type TestServer } from './server.ts';

const CHECKS = `query { models { id checks { id status fraction passed isCurrent backend version error { message }
  finishedAt results { name says status tolerance measured detail } } } }`;

interface Check {
  id: string;
  status: string;
  passed: boolean | null;
  results: { name: string; status: string; measured: number | null; tolerance: number; detail: string }[];
}

let home: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
let id: string;

beforeAll(async () => {
  home = await temporaryFolder();
  server = await startServer({ DEMUR_DATA: home.path, DEMUR_CACHE: home.path });
  const mutation = 'mutation ($input: RegisterModelInput!) { registerModel(input: $input) { id checks { id } } }';
  const input = { path: goldenCase('llama_mha', 'plain').model, slug: 'tiny' };
  const { registerModel } = await server.get<{ registerModel: { id: string; checks: [] } }>(mutation, { input });
  expect(registerModel.checks).toEqual([]);
  id = registerModel.id;
});
afterAll(async () => {
  await server?.stop();
  await home?.remove();
});

const ask = (model: string) =>
  server.ask<{ checkModel: Check }>('mutation ($id: ID!) { checkModel(id: $id) { id status } }', { id: model });

async function checks(): Promise<Check[]> {
  const { models } = await server.get<{ models: { checks: Check[] }[] }>(CHECKS);
  return models[0]!.checks;
}

it('are queued once, and end with what every check has measured', async () => {
  const [first, second] = await Promise.all([ask(id), ask(id)]);
  expect(second.data?.checkModel.id).toBe(first.data?.checkModel.id);
  await expect.poll(async () => (await checks())[0]?.status, { interval: 200 }).toBe('ENDED');
  const [check] = await checks();
  expect(check).toMatchObject({ passed: true, isCurrent: true, backend: 'wasm', fraction: 1, error: null });
  const gradients = check!.results.find(({ name }) => name === 'reference-gradients')!;
  expect(gradients).toMatchObject({ status: 'PASSED', tolerance: 2e-4 });
  expect(gradients.measured).toBeGreaterThan(0);
  expect(gradients.measured).toBeLessThan(2e-4);
  expect(check!.results.find(({ name }) => name === 'tokenizer')).toMatchObject({
    status: 'SKIPPED',
    measured: null,
    detail: 'the model has no tokenizer',
  });
});

it('are refused for a model that is not registered', async () => {
  const { errors } = await ask('0198c0de-0000-7000-8000-000000000000');
  expect(errors).toMatchObject([{ extensions: { code: 'UNKNOWN_MODEL' } }]);
});
