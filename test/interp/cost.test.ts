/** What estimates promise of any machine: their structure, what grows with what, and what is refused. Never times. */
import {
  estimateCost,
  openEnginePool,
  parseSpec,
  prepareExperiment,
  runExperiment,
  type CostEstimate,
  type EnginePool,
} from '@demur/interp';
import type { Residency } from '@demur/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRun, requirePlan, type RunToPlan } from '../../libs/interp/src/cost/plan-run.ts';
import { makespan } from '../../libs/interp/src/cost/seconds.ts';
import { goldenCase } from '../golden/golden-case.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');

/** As many pairs as wanted, of the case's two. */
const pairs = (count: number) => Array.from({ length: count }, (_, i) => golden.pairs[i % 2]);
const prepare = (spec: object) => prepareExperiment(parseSpec({ model: golden.model, pairs: pairs(16), ...spec }));

const specs = {
  activations: { options: { names: ['blocks.*.hook_resid_pre'], gradients: true } },
  'activation-patching': { options: { activations: ['resid_pre', 'z'] } },
  attribution: {},
  'edge-patching': { options: { edges: ['m0->logits', 'input->a1.h0<q>'] } },
  direction: { options: { select: true } },
  'head-scan': {},
  'circuit-discovery': { options: { n: 20 } },
  generation: { options: { maxTokens: 4, stopAtEos: false } },
};

describe('an estimate', () => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'wasm', workers: 2, memoryBytes: 4e9 });
  });
  afterAll(() => pool.close());

  const estimate = async (spec: object): Promise<CostEstimate> => estimateCost(await prepare(spec), { pool });

  it.each(Object.entries(specs))(
    'of %s has seconds and bytes, and twice the tokens for twice the pairs',
    async (kind, own) => {
      const [once, twice] = [await estimate({ kind, ...own }), await estimate({ kind, ...own, pairs: pairs(32) })];
      for (const { seconds, loadSeconds, runSeconds } of [once, twice]) {
        expect(seconds).toBeCloseTo(loadSeconds! + runSeconds!, 6);
        expect(runSeconds).toBeGreaterThan(0);
        expect(Number.isFinite(seconds)).toBe(true);
      }
      expect(twice.shards).toBe(2 * once.shards);
      expect(twice.forwardTokens).toBeCloseTo(2 * once.forwardTokens, 6);
      expect(twice.backwardTokens).toBeCloseTo(2 * once.backwardTokens, 6);
      expect(twice.runSeconds).toBeGreaterThan(once.runSeconds!);
      expect(twice.activationBytes).toBeGreaterThanOrEqual(once.activationBytes);
      expect(once.peakBytes).toBeGreaterThan(once.weightBytes + once.activationBytes);
      expect({ fits: once.fits, advice: once.advice, diskBytes: once.diskBytes }).toEqual({
        fits: true,
        advice: null,
        diskBytes: 0,
      });
    },
  );

  it('grows with what is asked for', async () => {
    const eap = await estimate({ kind: 'attribution' });
    const path = await estimate({ kind: 'attribution', options: { method: 'eap-ig', steps: 5 } });
    const apart = await estimate({ kind: 'attribution', options: { bootstrap: 10 } });
    expect(path.backwardTokens).toBe(5 * eap.backwardTokens);
    expect(path.runSeconds).toBeGreaterThan(eap.runSeconds!);
    expect(apart.activationBytes).toBeGreaterThan(eap.activationBytes);
  });

  it('is a bound where the model may stop by itself', async () => {
    const own = { kind: 'generation', options: { maxTokens: 4, stopTokens: [7] } };
    expect((await estimate(own)).isUpperBound).toBe(true);
    expect(
      (await estimate({ ...own, options: { ...own.options, stopTokens: [], stopAtEos: false } })).isUpperBound,
    ).toBe(false);
  });

  it('gives up waiting for an engine that is busy, but for the seconds', async () => {
    const { model, pairs: own } = goldenCase('llama_mha', 'plain');
    const other = await prepare({ kind: 'attribution', model, pairs: own });
    const cost = await estimateCost(other, { pool, patienceMs: 0 });
    expect(cost).toMatchObject({ seconds: null, loadSeconds: null, runSeconds: null, fits: true });
    expect(cost.forwardTokens).toBeGreaterThan(0);
  });
});

describe('a plan', () => {
  /** A run of sixteen pairs with so many bytes for activations. */
  async function run(activationBytes: number, spec: object = { kind: 'attribution' }): Promise<RunToPlan> {
    const { shardSpec, source, dataSet } = await prepare(spec);
    const weightBytes = source.weightSizes.all;
    const residency: Residency = {
      mode: 'resident',
      budgetBytes: 750e6 + weightBytes + activationBytes,
      weightBytes,
      activationBytes,
    };
    return {
      shardSpec,
      pairs: dataSet.pairs,
      config: source.config,
      model: { path: golden.model, residency },
      workers: 2,
    };
  }

  it('has fewer pairs a shard where memory is scarce, and fits it', async () => {
    const plenty = planRun(await run(4e9));
    const scarce = planRun(await run(plenty.activationBytes / 2));
    expect(plenty.shards.map((shard) => shard.pairs.length)).toEqual([8, 8]);
    expect(scarce.shards.length).toBeGreaterThan(2);
    expect(scarce.fits).toBe(true);
    expect(scarce.activationBytes).toBeLessThanOrEqual(plenty.activationBytes / 2);
    expect(scarce.shards.flatMap((shard) => shard.pairs.map(({ index }) => index)).toSorted((a, b) => a - b)).toEqual([
      ...Array(16).keys(),
    ]);
  });

  it('is refused where not even one pair fits, with the need, the budget and what would fit', async () => {
    const refusal = await run(1000)
      .then(requirePlan)
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(refusal).toMatchObject({ code: 'MEMORY_BUDGET' });
    expect(String(refusal)).toMatch(
      /attribution takes [\d.]+GB .* of 0\.75GB there are 0GB .* give it a memory of 0\.7\dGB, or use "kvHeads": "native"/,
    );
  });

  it('is refused by a run before its first shard', async () => {
    const prepared = await prepare({ kind: 'attribution' });
    const { all } = prepared.source.weightSizes;
    const pool = await openEnginePool({ backend: 'wasm', workers: 1, memoryBytes: Math.ceil(750e6 + all / 0.6 + 1) });
    try {
      const progress: string[] = [];
      const running = runExperiment(prepared.spec, { pool, prepared, onProgress: ({ stage }) => progress.push(stage) });
      await expect(running).rejects.toMatchObject({ code: 'MEMORY_BUDGET' });
      expect(progress).toEqual([]);
    } finally {
      await pool.close();
    }
  });
});

describe('the time of shards', () => {
  it.each([
    [[3, 3, 3], 1, 9],
    [[3, 3, 3], 2, 6],
    [[5, 1, 1, 1], 2, 5],
    [[1, 1, 5], 4, 5],
  ])('%j on %i workers end after %d', (seconds, workers, wanted) => {
    expect(makespan(seconds, workers)).toBe(wanted);
  });
});
