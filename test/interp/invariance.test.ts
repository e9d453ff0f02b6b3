/**
 * What results must not depend on: which pairs run together, their order, padding, and the workers. Blocks hold pairs of one
 * length and one first difference, so a pair's sums are grouped alike whatever runs beside it; then a product's rows may be
 * more or fewer. WebAssembly computes each row alike, so its numbers of a pair are the same to the bit. TensorFlow takes other
 * kernels for products of a few rows: there numbers agree to 1e-6 of the array's scale, or, on a model that amplifies
 * rounding more, to what float32 itself is off by (the reference's float32 run against its float64 run).
 */
import {
  buildGraph,
  openEnginePool,
  parseSpec,
  runExperiment,
  type EnginePool,
  type ExperimentKind,
} from '@demur/interp';
import { openModelSource, type ModelConfig } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgeNames } from '../../libs/interp/src/edges/edge-list.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import { PATCH_SITES } from '../../libs/interp/src/patching/site-names.ts';
import type { NamedArray, ResolvedPair } from '../../libs/interp/src/shard.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { tinyModel } from '../model/tiny-model.ts';
import { going, shardOf, tinyPair, tinyPairs } from './tiny-pairs.ts';

/** With blocks of up to four. */
const pairs: readonly ResolvedPair[] = [
  ...tinyPairs,
  tinyPair([4, 8, 15, 16, 25, 42, 10, 3], [4, 8, 15, 16, 51, 42, 10, 3]),
  tinyPair([4, 8, 15, 16, 33, 41, 9, 1], [4, 8, 15, 16, 26, 41, 9, 1]),
];

interface Experiment {
  kind: ExperimentKind;
  options: object;
  /** Arrays of single pairs, which nothing is added up for. */
  ofPairs?: readonly string[];
}

/** What experiments ask of a model. */
type Shape = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'nKvHeads' | 'dModel'>;

function experiments(shape: Shape): Experiment[] {
  const edges = edgeNames('all', buildGraph(shape, 'expanded')).filter((_, i) => i % 7 === 0);
  const direction = { values: Array.from({ length: shape.dModel }, (_, i) => Math.sin(i)) };
  return [
    { kind: 'activation-patching', options: { activations: PATCH_SITES }, ofPairs: PATCH_SITES },
    { kind: 'attribution', options: {} },
    { kind: 'attribution', options: { method: 'eap-ig', kvHeads: 'native' } },
    { kind: 'edge-patching', options: { edges, perPair: true }, ofPairs: ['effects.pair'] },
    { kind: 'steering', options: { layers: [1], coefficients: [2, -3], direction }, ofPairs: ['metric', 'kl'] },
  ];
}

function difference(got: NamedArray, wanted: NamedArray): number {
  expect(got.shape).toEqual(wanted.shape);
  let [largest, scale] = [0, 0];
  for (const [i, value] of wanted.values.entries()) {
    expect(Number.isNaN(got.values[i])).toBe(Number.isNaN(value));
    if (Number.isNaN(value)) continue;
    largest = Math.max(largest, Math.abs(got.values[i]! - value));
    scale = Math.max(scale, Math.abs(value));
  }
  return largest / scale;
}

/** What float32 is off by on a model, at most, as a share of an array's scale: patched metrics, edge scores and effects. */
function float32Error(name: string): number {
  const errors = Object.entries(goldenCase(name, 'plain').json.batches['plain']!.f32_minus_f64_maxabs_and_scale);
  return Math.max(...errors.flatMap(([array, [off, scale]]) => (/^(patch|eap|edge)/.test(array) ? [off / scale] : [])));
}

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['qwen2', 'tensorflow'],
  ['gemma2', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(name, backend);
  });
  afterAll(() => model.dispose());

  /** The experiment in shards of the pairs at these places. */
  async function run({ kind, options }: Experiment, cut: number[][]): Promise<Record<string, NamedArray>> {
    const spec = parseSpec({ model: '.', pairs: 'given', kind, options });
    const results = [];
    for (const [index, places] of cut.entries()) {
      const whole = shardOf(pairs);
      const shard = { ...whole, index, pairs: places.map((at) => whole.pairs[at]!) };
      results.push({ shard, arrays: await executeShard(model, spec, shard, going) });
    }
    return mergeShards(kind, results);
  }

  it.each([0, 1, 2, 3, 4])('does not depend on which pairs run together, nor on their order: %i', async (at) => {
    const experiment = experiments(model.config)[at]!;
    const places = [...pairs.keys()];
    const together = await run(experiment, [places]);
    const cuts = {
      alone: places.map((place) => [place]),
      turned: [
        [7, 6, 2],
        [4, 3],
        [5, 1, 0],
      ],
    };
    for (const [cut, by] of Object.entries(cuts)) {
      const arrays = await run(experiment, by);
      for (const [array, wanted] of Object.entries(together)) {
        // Patching embeddings that are alike runs only beside a pair whose are not: the same sums, grouped as a patched run's.
        const isExact = backend === 'wasm' && array !== 'resid_pre' && experiment.ofPairs?.includes(array);
        const most = isExact ? 0 : backend === 'wasm' ? 1e-6 : Math.max(1e-6, float32Error(name));
        expect(difference(arrays[array]!, wanted), `${experiment.kind} ${array}, ${cut}`).toBeLessThanOrEqual(most);
      }
    }
  });
});

describe.each(['tensorflow', 'wasm'] as const)('whole experiments, %s', (backend) => {
  const pools: EnginePool[] = [];
  beforeAll(async () => {
    for (const workers of [1, 2]) pools.push(await openEnginePool({ backend, workers }));
  });
  afterAll(async () => {
    for (const pool of pools) await pool.close();
  });

  it('gives the same numbers with one worker and two, and the same bytes with the pairs in another order', async () => {
    const name = 'llama_gqa_tied';
    const { model, pairs: given } = goldenCase(name, 'leftpad');
    const four = [...given, ...given.map((own) => ({ ...own, clean: own.corrupted, corrupted: own.clean }))];
    const { config } = await openModelSource(model);
    for (const { kind, options, ofPairs = [] } of experiments(config)) {
      const run = async (order: typeof four, pool: EnginePool) =>
        (await runExperiment(parseSpec({ kind, model, pairs: order, options }), { pool })).arrays;
      const one = await run(four, pools[0]!);
      const [two, turned] = [await run(four, pools[1]!), await run(four.toReversed(), pools[0]!)];
      for (const [array, wanted] of Object.entries(one)) {
        // TensorFlow cuts an operation by its threads, of which a worker alone has more.
        const most = backend === 'wasm' ? 0 : float32Error(name);
        expect(difference(two[array]!, wanted), `${kind} ${array}, two workers`).toBeLessThanOrEqual(most);
        const { shape, values } = turned[array]!;
        const count = ofPairs.includes(array) || array.startsWith('baseline.') ? four.length : 1;
        const back = values.map((_, at) => values[at - (at % count) + count - 1 - (at % count)]!);
        expect(difference({ shape, values: back }, wanted), `${kind} ${array}, another order`).toBe(0);
      }
    }
  });
});
