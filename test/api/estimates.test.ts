/** Estimates over GraphQL: their fields, the refusals that creating has, and an orderly end while one is being made. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { startServer, temporaryFolder, type TestServer } from './server.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');
const spec = { kind: 'attribution', model: golden.model, pairs: golden.pairs };

const ESTIMATE = `query ($spec: JSON!) { estimate(spec: $spec) {
  seconds loadSeconds runSeconds peakBytes weightBytes activationBytes budgetBytes
  shards forwardTokens backwardTokens diskBytes isUpperBound fits advice } }`;
const CREATE = 'mutation ($spec: JSON!) { createExperiment(spec: $spec) { id } }';

interface Estimate {
  estimate: Record<string, number | boolean | string | null>;
}

describe('estimates', () => {
  let home: Awaited<ReturnType<typeof temporaryFolder>>;
  let server: TestServer;
  beforeAll(async () => {
    home = await temporaryFolder();
    server = await startServer({ DEMUR_DATA: home.path, DEMUR_MEMORY: '4GB' });
  });
  afterAll(async () => {
    await server.stop();
    await home.remove();
  });

  it('tell what a spec takes, and queue nothing', async () => {
    const { estimate } = await server.get<Estimate>(ESTIMATE, { spec });
    expect(estimate).toMatchObject({
      budgetBytes: 4e9,
      shards: 2,
      diskBytes: 0,
      isUpperBound: false,
      fits: true,
      advice: null,
    });
    expect(estimate['forwardTokens']).toBeGreaterThan(estimate['backwardTokens'] as number);
    const { experiments } = await server.get<{ experiments: { totalCount: number } }>('{ experiments { totalCount } }');
    expect(experiments.totalCount).toBe(0);
  });

  it.each([
    ['no object', []],
    ['an unknown kind', { ...spec, kind: 'circuit' }],
    ['an unknown option', { ...spec, options: { speed: 9 } }],
    ['an unknown model', { ...spec, model: 'nope' }],
    ['a path outside', { ...spec, model: '/etc' }],
    ['no such data set', { ...spec, pairs: 'nope' }],
    ['a token outside', { ...spec, pairs: [{ ...golden.pairs[0], clean: { tokens: [1, 99999] } }] }],
  ])('refuse what creating refuses, in the same words: %s', async (_, bad) => {
    const [estimated, created] = [await server.ask(ESTIMATE, { spec: bad }), await server.ask(CREATE, { spec: bad })];
    const told = ({ errors }: typeof created) => errors?.map(({ message, extensions }) => ({ message, extensions }));
    expect(told(estimated)).toEqual(told(created));
    expect(told(estimated)).toHaveLength(1);
  });
});

describe('a server that ends', () => {
  it('ends in good order while an estimate is being made', async () => {
    const home = await temporaryFolder();
    const server = await startServer({ DEMUR_DATA: home.path, DEMUR_MEMORY: '4GB' });
    const asked = server.ask(ESTIMATE, { spec }).catch(() => undefined);
    await sleep(300);
    expect(await server.stop()).toBe(0);
    await asked;
    await home.remove();
  });
});
