/** Directions over the API: found by one experiment, used by another that names it, downloaded like every array. */
import { decodeSafetensors } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

describe('a name', () => {
  const NAME =
    'mutation ($input: NameDirectionInput!) { nameDirection(input: $input) { slug layer position norm modelName experiment { id } } }';
  const options = { layers: [1, 2], position: [-1, -2], select: true, minAddition: -100, maxKl: 100 };
  let id: string;
  beforeAll(async () => {
    id = await create({ kind: 'direction', model, pairs, options });
  });
  const name = (input: object) => server.ask<{ nameDirection: object }>(NAME, { input: { experiment: id, ...input } });
  const steer = (direction: unknown, metric: unknown = 'logit-difference') => ({
    ...{ kind: 'steering', model, pairs, metric },
    options: { direction, layers: [2], coefficients: [1, 3] },
  });

  it('stands for a direction wherever a specification takes one', async () => {
    const { norms } = await arraysOf(id);
    const { data } = await name({ slug: 'second', layer: 2, position: '-2' });
    expect(data!.nameDirection).toEqual({
      ...{ slug: 'second', layer: 2, position: '-2', modelName: model, experiment: { id } },
      norm: expect.closeTo(norms!.values[3]!, 5) as number,
    });
    const direction = { experiment: id, layer: 2, position: -2 };
    const [named, placed] = [await create(steer('second')), await create(steer(direction))];
    expect((await arraysOf(named))['metric']).toEqual((await arraysOf(placed))['metric']);
    const projected = await create(steer('second', { projection: 'second' }));
    const query = 'query ($id: ID!) { experiment(id: $id) { metric spec steeringSweep { mean flips kl baseline } } }';
    type Answer = {
      experiment: { metric: string; spec: { options: object }; steeringSweep: Record<string, number[]> };
    };
    const { experiment } = await server.get<Answer>(query, { id: projected });
    expect(experiment.metric).toBe('projection on "second"');
    const sha256 = expect.stringMatching(/^[0-9a-f]{64}$/) as string;
    expect(experiment.spec.options).toMatchObject({ direction: { slug: 'second', sha256 } });
    const { metric, kl, 'baseline.clean': baseline } = await arraysOf(projected);
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(experiment.steeringSweep['mean']![1]).toBeCloseTo(mean(metric!.values.slice(2)), 4);
    expect(experiment.steeringSweep['kl']![1]).toBeCloseTo(mean(kl!.values.slice(2)), 5);
    expect(experiment.steeringSweep['baseline']).toBeCloseTo(mean(baseline!.values), 4);
  });

  it('is of the chosen direction, where nothing else is said', async () => {
    await name({ slug: 'chosen' });
    const query = `query ($id: ID!) { directions { slug layer position } experiment(id: $id) { directionCandidates {
      layers positions norms ablation addition kl baselineClean selected { layer position ablation addition kl } } } }`;
    type Candidates = Record<'norms' | 'ablation' | 'addition' | 'kl', number[][]> & {
      selected: { layer: number; position: string; ablation: number };
    };
    type Answer = { directions: object[]; experiment: { directionCandidates: Candidates } };
    const { directions, experiment } = await server.get<Answer>(query, { id });
    const { selected, ...candidates } = experiment.directionCandidates;
    expect(directions).toContainEqual({ slug: 'chosen', layer: selected.layer, position: selected.position });
    const arrays = await arraysOf(id);
    for (const what of ['ablation', 'addition', 'kl'] as const)
      expect(candidates[what].flat()).toEqual([...arrays[`selection.${what}`]!.values]);
    expect(candidates.norms.flat()).toEqual([...arrays['norms']!.values]);
    expect(candidates).toMatchObject({ layers: [1, 2], positions: ['-1', '-2'] });
    // The last fifth of three layers is the last one.
    expect(selected.ablation).toBe(Math.min(...candidates.ablation[0]!));
  });

  it.each([
    ['taken', { slug: 'taken', layer: 1, position: '-1' }, 'SLUG_TAKEN', 'belongs to another direction'],
    ['no slug', { slug: 'No slug' }, 'INVALID_SLUG', 'cannot be a slug'],
    ['without a position', { slug: 'a', layer: 1 }, 'FOUND_DIRECTION', 'has several positions, -1, -2'],
    ['a layer it has not', { slug: 'a', layer: 0, position: '-1' }, 'FOUND_DIRECTION', 'has no layer 0; it has 1, 2'],
    ['no experiment', { slug: 'a', experiment: 'x' }, 'EXPERIMENT_NOT_FOUND', 'no experiment with the id "x"'],
  ])('is refused: %s', async (_, input, code, message) => {
    if (input.slug === 'taken') await name(input);
    const [error] = (await name(input)).errors!;
    expect(error).toMatchObject({ message: expect.stringContaining(message) as string, extensions: { code } });
  });

  it('that nothing has is refused with those that there are', async () => {
    const { errors } = await server.ask(CREATE, { spec: steer('none') });
    expect(errors![0]).toMatchObject({
      message: expect.stringMatching(/^options\.direction: "none" is not a direction \(there are .*second/) as string,
      extensions: { code: 'UNKNOWN_DIRECTION', path: 'options.direction' },
    });
  });
});
