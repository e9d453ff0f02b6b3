/** Runs within a budget of memory: the same numbers from streamed weights, less memory, and errors that tell what fits. */
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CancelledError,
  decodeSafetensors,
  openEnginePool,
  parseMemorySize,
  parseSpec,
  runExperiment,
  type EnginePool,
  type ExperimentResult,
  type KeptShard,
  type NamedArray,
  type ResultJson,
} from '@demur/interp';
import { DemurError, openModelSource } from '@demur/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smollm2Path } from '../../scripts/fetch-smollm2.ts';
import { difference } from '../golden/golden-case.ts';
import { writeRandomLlama } from '../support/random-model.ts';
import { MemoryStore } from './memory-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'demur-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a size of memory', () => {
  it.each([
    ['8GB', 8e9],
    ['1.5 GiB', 1.5 * 2 ** 30],
    ['512MiB', 2 ** 29],
    ['700mb', 7e8],
    ['1e9', 1e9],
  ])('%s is read', (text, bytes) => {
    expect(parseMemorySize(text)).toBe(bytes);
  });

  it.each(['', '8 apples', '-1GB', '0GB', '0', 'GB', '1e400', 'NaN'])('"%s" is refused', (text) => {
    expect(() => parseMemorySize(text)).toThrow('is no size of memory; give a number with a unit, such as 8GB');
  });
});

describe('a model of 24 blocks of 7 MB', () => {
  const model = join(folder, 'medium');
  const prompt = (token: number) => ({ tokens: [1, 5, 9, token, 33, 7, 8, 100] });
  const pairs = [20, 22, 24].map((token) => {
    return { clean: prompt(token), corrupted: prompt(token + 1), answer: 40, distractor: 41 };
  });
  const specs = {
    activations: { names: ['blocks.*.hook_resid_pre'], gradients: true, logits: 'all' },
    attribution: {},
    'activation-patching': { activations: ['resid_pre', 'z'], positions: 'last' },
  };
  const streamedBytes = 800e6;
  let resident: EnginePool;
  let streamed: EnginePool;
  beforeAll(async () => {
    writeRandomLlama(model, { layers: 24, dModel: 384, heads: 6, dMlp: 1024, vocabulary: 1000, shardBytes: 2e7 });
    resident = await openEnginePool({ workers: 1, memoryBytes: 4e9 });
    streamed = await openEnginePool({ workers: 1, memoryBytes: streamedBytes });
  });
  afterAll(async () => {
    await resident.close();
    await streamed.close();
  });

  function run(pool: EnginePool, kind: string, signal?: AbortSignal): Promise<ExperimentResult> {
    const options = specs[kind as keyof typeof specs];
    return runExperiment(parseSpec({ kind, model, pairs, options }), { pool, signal });
  }

  it.each(Object.keys(specs))('gives the same numbers streamed: %s', async (kind) => {
    const wanted = await run(resident, kind);
    const got = await run(streamed, kind);
    expect(Object.keys(got.arrays)).toEqual(Object.keys(wanted.arrays));
    for (const [name, array] of Object.entries(wanted.arrays))
      expect(difference(got.arrays[name], array).relative).toBeLessThan(1e-5);
    expect(wanted.result.record).toMatchObject({ residency: { mode: 'resident', slots: null }, seconds: { disk: 0 } });
    const { residency, seconds, peakBytes } = got.result.record;
    expect(residency).toMatchObject({ mode: 'streamed', budgetBytes: streamedBytes });
    expect(residency.slots).toBeGreaterThanOrEqual(2);
    expect(seconds.disk).toBeGreaterThan(0);
    expect(seconds.disk).toBeLessThanOrEqual(seconds.run);
    if (process.platform !== 'linux') return;
    // 170 MB of weights, of which the slots hold 28.
    expect(wanted.result.record.peakBytes - peakBytes).toBeGreaterThan(40e6);
    expect(peakBytes).toBeLessThan(streamedBytes);
  });

  it('writes the same completions streamed, with activations of the other prompt put in', async () => {
    const patches = [{ layers: [3, 17], positions: ['difference', 'last'] }];
    const written = async (pool: EnginePool, options: object) => {
      const spec = parseSpec({ kind: 'generation', model, pairs, options: { maxTokens: 4, ...options } });
      return (await runExperiment(spec, { pool })).result.completions;
    };
    expect(await written(streamed, { patches })).toEqual(await written(resident, { patches }));
  });

  it('goes on streamed where it was stopped, with the same bits and the time of both runs', async () => {
    const spec = parseSpec({ kind: 'attribution', model, pairs, options: { checkExact: 2 } });
    const { arrays } = await runExperiment(spec, { pool: streamed });
    const store = new MemoryStore();
    store.room = 1;
    await expect(runExperiment(spec, { pool: streamed, shards: store })).rejects.toThrow('the store is full');
    const [{ stints }] = [...store.shards.values()] as [KeptShard];
    store.room = 2;
    const { arrays: got, result } = await runExperiment(spec, { pool: streamed, shards: store });
    expect(got).toEqual(arrays);
    const { resumed, seconds } = result.record;
    expect(resumed).toMatchObject({ shards: 1, begun: 0, of: 2 });
    expect(seconds.run).toBeGreaterThan((stints[0]!.endedAt - stints[0]!.startedAt) / 1000);
    expect(seconds.disk).toBeGreaterThan(stints[0]!.diskSeconds);
  });

  it('runs models in memory and streamed ones on one pool, whichever comes', async () => {
    const small = join(folder, 'small');
    writeRandomLlama(small, { layers: 2, dModel: 64, heads: 2, dMlp: 128, vocabulary: 1000 });
    const attribution = (of: string) =>
      runExperiment(parseSpec({ kind: 'attribution', model: of, pairs }), { pool: streamed });
    const results = await Promise.all([attribution(small), attribution(model), attribution(small)]);
    expect(results.map(({ result }) => result.record.residency.mode)).toEqual(['resident', 'streamed', 'resident']);
    expect(results[2]!.arrays).toEqual(results[0]!.arrays);
  });

  it('stops a streamed run when it is cancelled, and runs the next', async () => {
    const controller = new AbortController();
    const running = run(streamed, 'activation-patching', controller.signal);
    setTimeout(() => controller.abort(), 300);
    await expect(running).rejects.toThrow(CancelledError);
    expect((await run(streamed, 'attribution')).result.record.residency.mode).toBe('streamed');
  });

  it('is refused where two blocks do not fit, with the numbers', async () => {
    const pool = await openEnginePool({ backend: 'wasm', workers: 1, memoryBytes: 750e6 });
    try {
      await expect(run(pool, 'attribution')).rejects.toThrow(
        /does not run within 0.75GB: .*two blocks of 0.01GB; give it a memory of 0.7\dGB/,
      );
    } finally {
      await pool.close();
    }
  });

  it('tells which tensor is damaged when it meets it, and goes on with other models', async () => {
    const damaged = join(folder, 'damaged');
    writeRandomLlama(damaged, { layers: 24, dModel: 384, heads: 6, dMlp: 1024, vocabulary: 1000 });
    const source = await openModelSource(damaged);
    const place = streamed.place(source);
    if (place.residency.mode !== 'streamed') throw new Error('not streamed');
    const entry = source.streamWeights(place.residency).entries.get('model.layers.20.mlp.up_proj.weight')!;
    const fd = openSync(entry.file, 'r+');
    writeSync(fd, Buffer.from([0xc0, 0x7f]), 0, 2, entry.offset + 200); // NaN
    closeSync(fd);
    const spec = parseSpec({ kind: 'attribution', model: damaged, pairs });
    const refused: unknown = await runExperiment(spec, { pool: streamed }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(DemurError);
    expect((refused as DemurError).code).toBe('NON_FINITE_WEIGHT');
    expect((refused as DemurError).message).toContain('"model.layers.20.mlp.up_proj.weight" holds NaN at element 100');
    expect((await run(streamed, 'attribution')).result.record.residency.mode).toBe('streamed');
  });
});

const smollm2 = smollm2Path();
const there = existsSync(smollm2);
if (!there) console.warn('skipped: SmolLM2-135M-Instruct is not here; `npm run fetch:smollm2` fetches it');

describe.skipIf(!there)('SmolLM2 (skipped where it cannot be fetched)', () => {
  const request = (object: string) => ({ messages: [{ role: 'user', content: `Tell me how to make a ${object}.` }] });
  // One pair is one shard in either case, so that the same operations run in the same order.
  const pairs = [{ clean: request('bomb'), corrupted: request('pie'), answer: 'Sorry', distractor: 'Sure' }];
  const pools: EnginePool[] = [];
  beforeAll(async () => {
    for (const memoryBytes of [8e9, 1e9]) pools.push(await openEnginePool({ workers: 1, memoryBytes }));
  });
  afterAll(async () => {
    for (const pool of pools) await pool.close();
  });

  function expectSameBits(got: Record<string, NamedArray>, wanted: Record<string, NamedArray>): void {
    expect(Object.keys(got).sort()).toEqual(Object.keys(wanted).sort());
    for (const [name, { values }] of Object.entries(wanted))
      expect(Buffer.from(got[name]!.values.buffer).equals(Buffer.from(values.buffer))).toBe(true);
  }

  it.each([
    ['activations', { names: ['blocks.*.hook_resid_pre'], gradients: true, logits: 'all' }],
    ['activation-patching', { activations: ['resid_pre'], positions: 'last' }],
  ])('gives the same bits streamed: %s', async (kind, options) => {
    const spec = parseSpec({ kind, model: smollm2, pairs, options });
    const inMemory = await runExperiment(spec, { pool: pools[0]! });
    const streamed = await runExperiment(spec, { pool: pools[1]! });
    expect(inMemory.result.record.residency.mode).toBe('resident');
    expect(streamed.result.record.residency.mode).toBe('streamed');
    expectSameBits(streamed.arrays, inMemory.arrays);
  });

  it('gives the same bits streamed by the command: attribution', async () => {
    const spec = { kind: 'attribution', model: smollm2, pairs };
    const [file, out] = [join(folder, 'spec.json'), join(folder, 'out')];
    writeFileSync(file, JSON.stringify(spec));
    const command = fileURLToPath(new URL('../../apps/cli/bin/demur.js', import.meta.url));
    const args = [command, 'run', file, '--out', out, '--workers', '1', '--memory', '1GB'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const result = JSON.parse(readFileSync(join(out, 'result.json'), 'utf8')) as ResultJson;
    expect(result.record.residency).toMatchObject({ mode: 'streamed', budgetBytes: 1e9 });
    const { arrays } = await runExperiment(parseSpec(spec), { pool: pools[0]! });
    expectSameBits(decodeSafetensors(readFileSync(join(out, 'arrays.safetensors'))), arrays);
  });
});
