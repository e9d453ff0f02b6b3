/** Runs that go on from the shards of earlier ones: the same numbers, and a record that says so. */
import {
  availableKinds,
  CancelledError,
  EngineStoppedError,
  openEnginePool,
  parseSpec,
  runExperiment,
  type EnginePool,
  type ExperimentResult,
  type ExperimentSpec,
  type Progress,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { everyKind } from './every-kind.ts';
import { MemoryStore } from './memory-store.ts';

const golden = goldenCase('llama_gqa_tied', 'leftpad');
const experiments = everyKind(36);

let pool: EnginePool;
beforeAll(async () => {
  pool = await openEnginePool({ backend: 'wasm', workers: 2 });
});
afterAll(() => pool.close());

/** All but the record, which tells of the run and not of the model. */
function found({ arrays, result: { record: _, ...result } }: ExperimentResult) {
  return { arrays, result };
}

it('are of every kind', () => {
  expect(new Set(experiments.map(([, kind]) => kind))).toEqual(new Set(availableKinds));
});

describe.each(experiments)('%s', (_, kind, options) => {
  const spec = parseSpec({ kind, model: golden.model, pairs: golden.pairs, options });

  it('gives the same after it was stopped at any shard', async () => {
    const reference = found(await runExperiment(spec, { pool }));
    const store = new MemoryStore();
    const whole = await runExperiment(spec, { pool, shards: store });
    const total = store.shards.size;
    expect(found(whole)).toEqual(reference);
    expect(whole.result.record.resumed).toBeUndefined();
    await store.clear();
    for (let room = 1; room < total; room++) {
      store.room = room;
      await expect(runExperiment(spec, { pool, shards: store })).rejects.toThrow('the store is full');
      expect(store.finished()).toBe(room);
    }
    store.room = Infinity;
    const resumed = await runExperiment(spec, { pool, shards: store });
    expect(found(resumed)).toEqual(reference);
    if (total === 1) return;
    const { record } = resumed.result;
    expect(record.resumed).toMatchObject({ shards: total - 1, begun: 0, of: total });
    expect(record.resumed!.since < record.startedAt).toBe(true);
    expect(record.seconds.run).toBeGreaterThan(0);
    expect(record.seconds.run).toBeLessThan(60);
    expect(await runExperiment(spec, { pool, shards: store }).then(found)).toEqual(reference);
  });
});

describe('shards of another run', () => {
  const base = { kind: 'attribution', model: golden.model, pairs: golden.pairs };
  const other = goldenCase('gpt2', 'leftpad');

  it.each<[string, object, Partial<Parameters<typeof openEnginePool>[0]>]>([
    ['another option', { ...base, options: { kvHeads: 'native' } }, {}],
    ['other pairs', { ...base, pairs: golden.pairs.toReversed() }, {}],
    ['another metric', { ...base, metric: 'answer-logprob' }, {}],
    ['another model', { ...base, model: other.model }, {}],
    ['another backend', base, { backend: 'tensorflow' }],
  ])('are not taken: %s', async (_, changed, engine) => {
    const store = new MemoryStore();
    await runExperiment(parseSpec(base), { pool, shards: store });
    const before = new Map(store.shards);
    const own = engine?.backend === undefined ? pool : await openEnginePool({ ...engine, workers: 1 });
    const { result } = await runExperiment(parseSpec(changed), { pool: own, shards: store });
    if (own !== pool) await own.close();
    expect(result.record.resumed).toBeUndefined();
    expect(store.shards.size).toBe(2 * before.size);
    for (const [key, shard] of before) expect(store.shards.get(key)).toBe(shard);
  });

  it('are taken, however many workers there are, and whatever the pairs’ file is called', async () => {
    const store = new MemoryStore();
    await runExperiment(parseSpec(base), { pool, shards: store });
    const one = await openEnginePool({ backend: 'wasm', workers: 1 });
    const { result } = await runExperiment(parseSpec({ ...base, seed: undefined }), { pool: one, shards: store });
    await one.close();
    expect(result.record.resumed).toMatchObject({ shards: 2, of: 2 });
  });
});

describe('a long shard', () => {
  /** ACDC over all edges: a second or two of one shard. */
  const spec: ExperimentSpec = parseSpec({
    kind: 'circuit-discovery',
    model: golden.model,
    pairs: Array.from({ length: 4 }, (_, at) => golden.pairs[at % 2]),
    options: { method: 'acdc', tau: 0.001 },
  });

  it('goes on from its last checkpoint, after the engine was killed and after it was cancelled', async () => {
    const [first, later] = [new Array<number>(), new Array<number>()];
    const into = (seen: number[]) => (progress: Progress) =>
      void (progress.stage === 'run' && seen.push(progress.done));
    const reference = await runExperiment(spec, { pool, onProgress: into(first) });
    const store = new MemoryStore();
    store.onSave = () => process.kill(pool.pid!, 'SIGKILL');
    await expect(runExperiment(spec, { pool, shards: store })).rejects.toThrow(EngineStoppedError);
    expect([...store.shards.values()]).toMatchObject([{ isFinished: false, stints: [{}] }]);
    const controller = new AbortController();
    store.onSave = () => controller.abort();
    const cancelled = runExperiment(spec, { pool, shards: store, signal: controller.signal });
    await expect(cancelled).rejects.toThrow(CancelledError);
    expect([...store.shards.values()]).toMatchObject([{ isFinished: false, stints: [{}, {}] }]);
    store.onSave = () => undefined;
    const resumed = await runExperiment(spec, { pool, shards: store, onProgress: into(later) });
    expect(later[0]!).toBeGreaterThan(2 * first[0]!);
    expect(later.length).toBeLessThan(first.length);
    expect(resumed.arrays).toEqual(reference.arrays);
    expect(resumed.result.record.resumed).toMatchObject({ shards: 0, begun: 1 });
    expect(resumed.result.record.seconds.run).toBeGreaterThan(0.5);
  });
});
