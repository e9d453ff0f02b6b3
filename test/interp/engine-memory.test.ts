/** The engine's process keeps nothing: memory stays flat over hundreds of shards, and dropped models are gone at once. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEnginePool, parseSpec, runExperiment, type EnginePool } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { writeRandomLlama } from '../support/random-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'demur-engine-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));

const prompt = (token: number) => ({ tokens: [1, 5, 9, token, 33, 7, 8, 100] });
const pairs = [20, 22].map((token) => {
  return { clean: prompt(token), corrupted: prompt(token + 1), answer: 40, distractor: 41 };
});

const pools: EnginePool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

async function opened(options: Parameters<typeof openEnginePool>[0]): Promise<EnginePool> {
  const pool = await openEnginePool({ workers: 2, ...options });
  pools.push(pool);
  return pool;
}

/** Megabytes that the engine's process has resident. */
function residentMegabytes({ pid }: EnginePool): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

// Only Linux tells what another process has resident.
describe.runIf(platform() === 'linux').each(['tensorflow', 'wasm'] as const)('on %s', (backend) => {
  it('hundreds of shards leave memory as it was', async () => {
    const model = join(folder, `small-${backend}`);
    writeRandomLlama(model, { layers: 2, dModel: 128, heads: 4, dMlp: 256, vocabulary: 200 });
    const pool = await opened({ backend });
    const spec = parseSpec({ kind: 'attribution', model, pairs, options: {} });
    const samples: number[] = [];
    // Two pairs are two shards, so a sample is of 40. Garbage comes and goes, the more so beside other work, and warming up
    // takes its time: the least of four samples has to come to rest, which it does not where 50 kB of each shard stay (8 MB).
    const isAtRest = (): boolean => Math.min(...samples.slice(-4)) - Math.min(...samples.slice(-8, -4)) < 4;
    for (let run = 1; run <= 400 && !(samples.length >= 8 && isAtRest()); run++) {
      await runExperiment(spec, { pool });
      if (run % 20 === 0) samples.push(residentMegabytes(pool));
    }
    expect(isAtRest(), samples.map(Math.round).join(' ')).toBe(true);
  });

  it('twenty models in turn leave memory as one does', async () => {
    const models = ['a', 'b'].map((name) => join(folder, `${name}-${backend}`));
    for (const model of models) {
      writeRandomLlama(model, { layers: 8, dModel: 384, heads: 6, dMlp: 1024, vocabulary: 1000 });
    }
    const { weightSizes } = await openModelSource(models[0]!);
    // The least that one model fits in: the other has to go.
    const pool = await opened({ backend, memoryBytes: 750e6 + 1.7 * weightSizes.all });
    const samples: number[] = [];
    for (let run = 0; run < 24; run++) {
      const options = { names: ['blocks.*.hook_resid_pre'] };
      const spec = parseSpec({ kind: 'activations', model: models[run % 2], pairs, options });
      const { result } = await runExperiment(spec, { pool });
      expect(result.record.seconds.load, 'the model had been dropped').toBeGreaterThan(0.001);
      samples.push(residentMegabytes(pool));
    }
    expect(weightSizes.all / 1e6).toBeGreaterThan(50);
    expect(samples.at(-1)! - samples[3]!, samples.map(Math.round).join(' ')).toBeLessThan(weightSizes.all / 1e6 / 2);
  });
});
