/** Directions over the API: found by one experiment, used by another that names it, downloaded like every array. */
import { decodeSafetensors } from '@demur/interp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { ended, startServer, temporaryFolder, type TestServer } from './server.ts';

const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';
const golden = goldenCase('llama_mha', 'plain');
const { model, pairs } = golden;

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: TestServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  server = await startServer({ DEMUR_DATA: folder.path });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

async function create(spec: object): Promise<string> {
  const { createExperiment } = await server.get<{ createExperiment: { id: string } }>(CREATE, { spec });
  await ended(server, createExperiment.id);
  return createExperiment.id;
}

async function arraysOf(id: string) {
  const response = await fetch(`${server.url}/export/experiments/${id}.safetensors`);
  return decodeSafetensors(new Uint8Array(await response.arrayBuffer()));
}

it('steers by the direction of an experiment, by its id', async () => {
  const options = { layers: [1, 2], select: true, minAddition: -100, maxKl: 100 };
  const id = await create({ kind: 'direction', model, pairs, options });
  const { directions, 'selection.addition': addition } = await arraysOf(id);
  expect(directions!.shape).toEqual([2, 1, directions!.shape[2]]);
  const direction = { experiment: id, layer: 2, position: -1 };
  const steering = await create({
    kind: 'steering',
    model,
    pairs,
    options: { direction, layers: [2], run: 'corrupted' },
  });
  const [a, b] = (await arraysOf(steering))['metric']!.values;
  expect((a! + b!) / 2).toBeCloseTo(addition!.values[1]!, 4);

  const ask = (own: object) =>
    server.ask(CREATE, { spec: { kind: 'steering', model, pairs, options: { layers: [0], direction: own } } });
  const errors = async (own: object) => (await ask(own)).errors![0]!;
  expect(await errors({ experiment: id, layer: 0 })).toMatchObject({
    message: expect.stringContaining('has no layer 0; it has 1, 2') as string,
    extensions: { code: 'FOUND_DIRECTION', path: 'options.direction' },
  });
  expect((await errors({ experiment: steering, layer: 0 })).message).toContain('found no direction');
  expect((await errors({ experiment: '/etc', layer: 0 })).extensions.code).toBe('EXPERIMENT_NOT_FOUND');
});
