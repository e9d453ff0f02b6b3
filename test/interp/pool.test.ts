/** The life of the engine's process: models kept between runs, cancelling, crashing, closing, and a parent that dies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelledError,
  EngineStoppedError,
  openEnginePool,
  parseSpec,
  PoolClosedError,
  runExperiment,
  type EnginePool,
  type ExperimentSpec,
  type PairSpec,
  type Progress,
} from '@demur/interp';
import { afterEach, describe, expect, it } from 'vitest';
import { difference, goldenCase } from '../golden/golden-case.ts';

const golden = goldenCase('llama_mha', 'plain');
const attribution = parseSpec({ kind: 'attribution', model: golden.model, pairs: golden.pairs });

/** Some seconds of work in many steps. */
const long: ExperimentSpec = parseSpec({
  kind: 'activation-patching',
  model: golden.model,
  pairs: Array.from({ length: 400 }, (_, at) => golden.pairs[at % 2]),
  options: { activations: ['resid_pre', 'attn_out', 'mlp_out', 'z'] },
});

const pools: EnginePool[] = [];

async function open(workers = 1): Promise<EnginePool> {
  const pool = await openEnginePool({ backend: 'wasm', workers });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

async function expectRightScores(pool: EnginePool): Promise<void> {
  const { arrays } = await runExperiment(attribution, { pool });
  expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-4);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended but was not waited for still has an entry.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited > 100_000) throw new Error(`process ${pid} is still there`);
    await sleep(50);
  }
}

/** Starts the long run of 50 shards; `started` resolves once a worker computes, `done` tells how many shards have ended. */
function startLongRun(pool: EnginePool, signal?: AbortSignal) {
  const started = Promise.withResolvers<void>();
  let shards = 0;
  const onProgress = ({ stage, done }: Progress) => {
    if (stage !== 'run') return;
    shards = done;
    started.resolve();
  };
  const run = runExperiment(long, { pool, signal, onProgress });
  run.then(() => started.resolve(), started.reject);
  return { started: started.promise, run, done: () => shards };
}

describe('runs', () => {
  it('keep the model loaded for the next', async () => {
    const pool = await open();
    const first = await runExperiment(attribution, { pool });
    const second = await runExperiment(attribution, { pool });
    expect(first.result.record.seconds.load).toBeGreaterThan(0.001);
    expect(second.result.record.seconds.load).toBeLessThan(0.001);
    expect(second.arrays).toEqual(first.arrays);
  });

  it('give the same bits with one worker and with two', async () => {
    const [one, two] = [await open(1), await open(2)];
    const spec = { ...long, pairs: (long.pairs as PairSpec[]).slice(0, 20) } as ExperimentSpec;
    const [first, second] = [await runExperiment(spec, { pool: one }), await runExperiment(spec, { pool: two })];
    expect(second.arrays).toEqual(first.arrays);
  });

  it('tell their progress, forwards only, to the end', async () => {
    const pool = await open(2);
    const seen: Progress[] = [];
    const spec = { ...long, pairs: (long.pairs as PairSpec[]).slice(0, 40) } as ExperimentSpec;
    await runExperiment(spec, { pool, onProgress: (progress) => seen.push(progress) });
    const shares = seen.filter(({ stage }) => stage === 'run').map(({ done, total }) => done / total);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.length).toBeGreaterThan(20);
    expect(shares.at(-1)).toBeCloseTo(1);
    expect(seen.at(-1)).toEqual({ stage: 'merge', done: 1, total: 1 });
  });

  it('record the engine, the model and what they took', async () => {
    const { result } = await runExperiment({ ...attribution, seed: 7 }, { pool: await open() });
    expect(result.record).toMatchObject({
      model: { path: golden.model, format: 'huggingface', family: 'llama', dtype: 'float32', tokenizerSha256: null },
      backend: { name: 'wasm', precision: 'float32', workers: 1 },
      seed: 7,
      versions: { demur: '0.1.0', node: process.version },
    });
    expect(result.record.model.weightsSha256).toMatch(/^[0-9a-f]{64}$/);
    expect(result.record.peakBytes).toBeGreaterThan(30e6);
    expect(result.record.seconds.run).toBeGreaterThan(0);
    expect(result.pairs[0]).toMatchObject({ answer: { id: 31, string: '<31>' }, firstDifference: 5 });
  });

  it('pass on why a model cannot be loaded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'demur-nan-'));
    try {
      cpSync(golden.model, folder, { recursive: true });
      const weights = readFileSync(join(folder, 'model.safetensors'));
      weights.writeFloatLE(NaN, weights.length - 4);
      writeFileSync(join(folder, 'model.safetensors'), weights);
      const pool = await open();
      const attempt = runExperiment({ ...attribution, model: folder }, { pool });
      await expect(attempt).rejects.toMatchObject({ code: 'NON_FINITE_WEIGHT' });
      await expectRightScores(pool);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('cancelling', () => {
  it('stops within a shard and leaves the engine ready', async () => {
    const pool = await open();
    const { pid } = pool;
    const controller = new AbortController();
    const { started, run, done } = startLongRun(pool, controller.signal);
    await started;
    controller.abort();
    await expect(run).rejects.toBeInstanceOf(CancelledError);
    expect(done()).toBeLessThan(25);
    await expectRightScores(pool);
    expect(pool.pid).toBe(pid);
  });

  it('refuses to start what is cancelled already', async () => {
    const run = runExperiment(attribution, { pool: await open(), signal: AbortSignal.abort() });
    await expect(run).rejects.toBeInstanceOf(CancelledError);
  });
});

describe('the process', () => {
  it.each(['SIGKILL', 'SIGSEGV'] as const)(
    'ends a run in one sentence when it dies of %s, and is started again',
    async (signal) => {
      const pool = await open();
      const { pid } = pool;
      const { started, run } = startLongRun(pool);
      await started;
      process.kill(pid!, signal);
      await expect(run).rejects.toBeInstanceOf(EngineStoppedError);
      await expect(run).rejects.toThrow(`the engine process stopped (${signal}) before the run was done; run it again`);
      await expectRightScores(pool);
      expect(pool.pid).not.toBe(pid);
    },
  );

  it('is started again when it dies between runs', async () => {
    const pool = await open();
    const pid = pool.pid!;
    process.kill(pid, 'SIGKILL');
    while (pool.pid === pid) await sleep(10);
    await expectRightScores(pool);
  });

  it('ends with close, and so does what it runs', async () => {
    const pool = await open();
    const pid = pool.pid!;
    const { started, run } = startLongRun(pool);
    await started;
    await pool.close();
    await expect(run).rejects.toBeInstanceOf(PoolClosedError);
    await expect(runExperiment(attribution, { pool })).rejects.toBeInstanceOf(PoolClosedError);
    await untilGone(pid);
  });

  it('ends with a pool that is closed while it opens', async () => {
    const controller = new AbortController();
    const opening = openEnginePool({ backend: 'wasm', signal: controller.signal });
    controller.abort();
    await expect(opening).rejects.toBeInstanceOf(PoolClosedError);
  });

  it('ends when its parent is killed', async () => {
    const code = `
      const { openEnginePool } = await import('@demur/interp');
      const pool = await openEnginePool({ backend: 'wasm', workers: 1 });
      console.log(pool.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
    expect(isAlive(Number(line))).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(Number(line));
  });
});
