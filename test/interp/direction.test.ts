/** Directions: what they are made of against the reference arrays, their effects against whole passes with hooks, and the choice among them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  openEnginePool,
  parseSpec,
  runExperiment,
  writeResult,
  type EnginePool,
  type ExperimentResult,
  type NamedArray,
} from '@demur/interp';
import type { Hooks, Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectDirection } from '../../libs/interp/src/direction/select-direction.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import type { ResolvedPair, ShardOptions } from '../../libs/interp/src/shard.ts';
import { difference, goldenCase, type Batch } from '../golden/golden-case.ts';
import { tinyModel } from '../model/tiny-model.ts';

type Pairs = readonly ResolvedPair[];
type Arrays = Record<string, NamedArray>;

const spec = (options: object, metric: unknown = 'logit-difference') =>
  parseSpec({
    ...{ kind: 'direction', model: 'm', metric, options },
    pairs: [{ clean: { tokens: [1] }, corrupted: { tokens: [2] }, answer: 1, distractor: 2 }],
  });

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

/** Both rounds of an experiment, its pairs in shards of the places given. */
async function runRounds(
  model: Transformer,
  of: ReturnType<typeof spec>,
  pairs: Pairs,
  shards: number[][],
): Promise<Arrays> {
  const columns = Math.max(...pairs.map(({ clean }) => clean.length));
  const arrays: Arrays = {};
  for (let round = 0; round < 2; round++) {
    const results = [];
    for (const [index, places] of shards.entries()) {
      const own = places.map((at) => ({ index: at, pair: pairs[at]! }));
      const shard = {
        index,
        pairs: own,
        columns,
        pairCount: pairs.length,
        ...(round === 1 && { round: 'try', given: arrays }),
      };
      results.push({ shard, arrays: await executeShard(model, of, shard, going) });
    }
    Object.assign(arrays, mergeShards('direction', results));
  }
  return arrays;
}

function pair(clean: number[], corrupted: number[]): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference, roles: { object: [3, 4] } };
}

/** One template and none, first differences here and there, one pair shorter. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 17, 24, 41, 9, 1]),
  pair([7, 8, 15, 16, 24, 40, 9, 2], [7, 8, 15, 16, 24, 41, 9, 2]),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1]),
];

const row = ({ shape, values }: NamedArray, i: number): Float32Array => {
  const width = shape.at(-1)!;
  return values.subarray(i * width, (i + 1) * width);
};

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'tensorflow'],
  ['gpt2', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(name, backend);
  });
  afterAll(() => model.dispose());

  /** Logits [dVocab] after the tokens, in a whole pass with hooks. */
  async function logitsOf(tokens: number[], hooks: Hooks = {}): Promise<Float32Array> {
    const run = model.forward([tokens], { hooks });
    const values = await run.logits!.data<'float32'>();
    run.dispose();
    return values;
  }

  function ablating(vector: Float32Array): Hooks {
    const u = tf.tensor1d(vector.map((x) => x / Math.hypot(...vector)));
    const out = (x: tf.Tensor): tf.Tensor => x.sub(x.mul(u).sum(-1, true).mul(u));
    const sites = ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out'] as const;
    const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
    return Object.fromEntries(layers.flatMap((l) => sites.map((site) => [`blocks.${l}.${site}`, out])));
  }

  const adding = (vector: Float32Array, layer: number): Hooks => ({
    [`blocks.${layer}.hook_resid_pre`]: (x: tf.Tensor) => x.add(tf.tensor1d(vector)),
  });

  function klOf(plain: Float32Array, other: Float32Array): number {
    const logProbs = (logits: Float32Array): number[] => {
      const sum = logits.reduce((total, x) => total + Math.exp(x), 0);
      return [...logits].map((x) => x - Math.log(sum));
    };
    const [p, q] = [logProbs(plain), logProbs(other)];
    return p.reduce((sum, x, i) => sum + Math.exp(x) * (x - q[i]!), 0);
  }

  /** The vector [dModel] at a hook of a whole pass, the mean over positions. */
  async function activation(tokens: number[], hook: 'hook_resid_pre', layer: number, at: number[]): Promise<number[]> {
    const run = model.forward([tokens], { capture: [`blocks.${layer}.${hook}`], logitsAt: 'none' });
    const x = run.activations.get(`blocks.${layer}.${hook}`) as tf.Tensor3D;
    const values = (await x.array())[0]!;
    run.dispose();
    return values[0]!.map((_, i) => at.reduce((sum, position) => sum + values[position]![i]!, 0) / at.length);
  }

  const positions = [-1, 'object', -5];
  const placesOf = ({ clean }: ResolvedPair) => [[clean.length - 1], [3, 4], [clean.length - 5]];

  it('finds differences in means, projections and effects as whole passes do', async () => {
    const of = spec({ position: positions, select: true });
    const arrays = await runRounds(model, of, pairs, [[0, 1, 3], [2]]);
    const { nLayers, dModel } = model.config;
    expect(arrays['directions']!.shape).toEqual([nLayers, 3, dModel]);
    const got: Record<string, number[]> = {};
    const wanted: Record<string, number[]> = {};
    const note = (what: string, a: number, b: number) => {
      (got[what] ??= []).push(a);
      (wanted[what] ??= []).push(b);
    };
    for (let layer = 0; layer < nLayers; layer++)
      for (const slot of positions.keys()) {
        const cell = layer * 3 + slot;
        const vector = row(arrays['directions']!, cell);
        const sides = { clean: [] as number[][], corrupted: [] as number[][] };
        for (const side of ['clean', 'corrupted'] as const)
          for (const own of pairs)
            sides[side].push(await activation(own[side], 'hook_resid_pre', layer, placesOf(own)[slot]!));
        for (let i = 0; i < dModel; i++) {
          const sum = pairs.reduce((total, _, p) => total + sides.clean[p]![i]! - sides.corrupted[p]![i]!, 0);
          note('directions', vector[i]!, sum / pairs.length);
        }
        const norm = Math.hypot(...vector);
        for (const [p, own] of pairs.entries()) {
          const plain = await logitsOf(own.corrupted);
          const metric = (logits: Float32Array) => logits[58]! - logits[3]!;
          const isZero = norm === 0;
          for (const side of ['clean', 'corrupted'] as const) {
            const along = isZero ? 0 : sides[side][p]!.reduce((sum, x, i) => sum + (x * vector[i]!) / norm, 0);
            note('projections', row(arrays[`projections.${side}`]!, cell)[p]!, along);
          }
          const ablated = isZero ? {} : ablating(vector);
          note('ablation', row(arrays['effects.ablation']!, cell)[p]!, metric(await logitsOf(own.clean, ablated)));
          note(
            'addition',
            row(arrays['effects.addition']!, cell)[p]!,
            metric(await logitsOf(own.corrupted, adding(vector, layer))),
          );
          note('kl', row(arrays['effects.kl']!, cell)[p]!, klOf(plain, await logitsOf(own.corrupted, ablated)));
        }
      }
    // Where no prompt differs yet there is no direction, not even one of rounding errors.
    expect(row(arrays['directions']!, 0).every((x) => x === 0)).toBe(true);
    for (const [what, values] of Object.entries(got)) {
      const array = (list: number[]): NamedArray => ({ shape: [list.length], values: Float32Array.from(list) });
      expect(difference(array(values), array(wanted[what]!)).relative, what).toBeLessThan(1e-4);
    }
  });

  it('gives the same in other shards and another order, and leaves no tensor', async () => {
    const of = spec({ position: positions, select: true });
    await runRounds(model, of, pairs, [[0, 1, 2, 3]]);
    const before = tf.memory().numTensors;
    const whole = await runRounds(model, of, pairs, [[0, 1, 2, 3]]);
    const cut = await runRounds(model, of, pairs, [[3], [1], [2, 0]]);
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(cut).sort()).toEqual(Object.keys(whole).sort());
    // A metric is the difference of two logits, and two runs are compared: as much as four logits may be off in float32, by
    // the reference's own float64 run under an ablation.
    const [offBy] = goldenCase(name, 'plain').json.batches['plain']!.f32_minus_f64_maxabs_and_scale[
      'steer.ablate_everywhere.logits'
    ]!;
    for (const [what, array] of Object.entries(whole)) {
      const scale = Math.max(...array.values.map(Math.abs));
      const isMetric = what.startsWith('baseline.') || what.startsWith('effects.');
      const allowed = isMetric ? Math.max(1e-6, (4 * offBy) / scale) : 1e-6;
      expect(difference(cut[what], array).relative, what).toBeLessThan(allowed);
    }
  });

  it('reads effects by a metric of an earlier layer, which later additions do not reach', async () => {
    const values = Array.from({ length: model.config.dModel }, (_, i) => Math.cos(i));
    const metric = { projection: { values }, layer: 0 };
    const arrays = await runRounds(model, spec({ select: true }, metric), pairs, [[0, 1, 2, 3]]);
    const { nLayers } = model.config;
    for (let layer = 1; layer < nLayers; layer++)
      expect([...row(arrays['effects.addition']!, layer)]).toEqual([...arrays['baseline.corrupted']!.values]);
    const [own] = pairs;
    const after = await activation(own!.corrupted, 'hook_resid_pre', 1, [own!.corrupted.length - 1]);
    const along = after.reduce((sum, x, i) => sum + x * values[i]!, 0);
    const plain = arrays['baseline.corrupted']!.values[0]!;
    expect(plain).toBeCloseTo(along, 4);
  });

  it('frees everything when it is cancelled', async () => {
    const of = spec({ select: true });
    const shard = { index: 0, pairs: pairs.map((own, index) => ({ index, pair: own })), columns: 8, pairCount: 4 };
    const { directions } = await executeShard(model, of, shard, going);
    const before = tf.memory().numTensors;
    for (const stopAt of [0, 3, 20]) {
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (asked++ === stopAt) throw new Error('stopped');
      };
      const given = { directions: directions! };
      const running = executeShard(
        model,
        of,
        { ...shard, round: 'try', given },
        { ...going, cancel: { throwIfCancelled } },
      );
      await expect(running).rejects.toThrow('stopped');
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

describe('through the engine', () => {
  let pool: EnginePool;
  const folder = mkdtempSync(join(tmpdir(), 'demur-direction-'));
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'tensorflow', workers: 2 });
  });
  afterAll(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });

  function run(golden: ReturnType<typeof goldenCase>, kind: string, options: object): Promise<ExperimentResult> {
    return runExperiment(parseSpec({ kind, model: golden.model, pairs: golden.pairs, options }), { pool });
  }

  const cases = ['gpt2', 'llama_mha', 'gemma2'].flatMap((name): [string, Batch][] => [
    [name, 'plain'],
    [name, 'leftpad'],
  ]);

  it.each(cases)('is made of the reference activations: %s, %s', async (name, batch) => {
    const golden = goldenCase(name, batch);
    const { n_layers: layers, T, n_heads: heads } = golden.json;
    const at = ({ shape, values }: NamedArray, index: number[]): number =>
      values[index.reduce((offset, i, axis) => offset * shape[axis]! + i, 0)]!;
    const mean = (key: string, index: (pair: number) => number[]): number => {
      const [clean, corrupted] = [golden.arrays[`clean.${key}`]!, golden.arrays[`corrupted.${key}`]!];
      return (at(clean, index(0)) - at(corrupted, index(0)) + at(clean, index(1)) - at(corrupted, index(1))) / 2;
    };
    const width = golden.arrays['clean.resid_pre']!.shape[3]!;
    const { arrays, result } = await run(golden, 'direction', { position: [-1, -3] });
    const wanted = Float32Array.from({ length: layers * 2 * width }, (_, i) => {
      const [layer, slot, d] = [Math.floor(i / (2 * width)), Math.floor(i / width) % 2, i % width];
      return mean('resid_pre', (p) => [layer, p, T - (slot === 0 ? 1 : 3), d]);
    });
    expect(difference(arrays['directions'], { shape: [layers, 2, width], values: wanted }).relative).toBeLessThan(1e-5);
    expect(result).toMatchObject({ layers: Array.from({ length: layers }, (_, l) => l), positions: [-1, -3] });
    expect(result).not.toHaveProperty('selected');
    expect(Object.keys(arrays).sort()).toEqual([
      ...['baseline.clean', 'baseline.corrupted', 'directions', 'norms', 'projections.clean', 'projections.corrupted'],
    ]);
    // The difference of the mean projections on a unit vector of the mean difference is its norm.
    const [clean, corrupted] = [arrays['projections.clean']!, arrays['projections.corrupted']!];
    for (const [i, norm] of arrays['norms']!.values.entries()) {
      const gap = [0, 1].reduce((sum, p) => sum + clean.values[2 * i + p]! - corrupted.values[2 * i + p]!, 0) / 2;
      expect(gap).toBeCloseTo(norm, 4);
    }
    for (const side of ['clean', 'corrupted'])
      expect(difference(arrays[`baseline.${side}`], golden.arrays[`${side}.metric`]!).relative).toBeLessThan(1e-4);

    const chosen = [
      [0, heads - 1],
      [layers - 1, 0],
      [layers - 1, 1],
    ];
    const key = `clean.head_result_post` in golden.arrays ? 'head_result_post' : 'head_result';
    const sum = Float32Array.from({ length: width }, (_, d) =>
      chosen.reduce((total, [layer, head]) => total + mean(key, (p) => [layer!, p, T - 1, head!, d]), 0),
    );
    const names = chosen.map(([layer, head]) => `a${layer}.h${head}`);
    const found = await run(golden, 'direction', { method: 'heads', heads: names, layers: [1, 2], select: true });
    expect(found.arrays['directions']!.shape).toEqual([2, 1, width]);
    for (const layer of [0, 1]) {
      const vector = { shape: [width], values: row(found.arrays['directions']!, layer) };
      expect(difference(vector, { shape: [width], values: sum }).relative).toBeLessThan(1e-5);
    }
    expect(found.result.layers).toEqual([1, 2]);
    const { 'selection.ablation': ablation, 'selection.kl': kl, 'selection.addition': addition } = found.arrays;
    expect(ablation!.values[0]).toBe(ablation!.values[1]);
    expect(kl!.values[0]).toBe(kl!.values[1]);
    expect(addition!.values[0]).not.toBe(addition!.values[1]);
    const steered = await run(golden, 'steering', { direction: { values: [...sum] }, layers: [2], run: 'corrupted' });
    const [a, b] = steered.arrays['metric']!.values;
    expect(addition!.values[1]).toBeCloseTo((a! + b!) / 2, 3);
  });

  it('does not depend on the order of the pairs', async () => {
    const golden = goldenCase('gemma2', 'leftpad');
    const options = { position: [-1, -2], select: true };
    const { arrays } = await run(golden, 'direction', options);
    const reversed = await run({ ...golden, pairs: golden.pairs.toReversed() }, 'direction', options);
    for (const name of ['directions', 'norms', 'selection.ablation', 'selection.addition', 'selection.kl'])
      expect(difference(reversed.arrays[name], arrays[name]!).relative, name).toBeLessThan(1e-6);
  });

  it('is found by its experiment in another spec, and refused on another model', async () => {
    const golden = goldenCase('llama_mha', 'plain');
    const out = join(folder, 'found');
    const found = await run(golden, 'direction', { select: true, maxKl: 100, minAddition: -100 });
    await writeResult(out, found);
    const { selected } = found.result;
    expect(selected).toMatchObject({ position: -1 });
    const metricOf = async (direction: object) =>
      (await run(golden, 'steering', { direction, mode: 'ablate', layers: 'all' })).arrays['metric']!.values;
    const values = [...row(found.arrays['directions']!, selected!.layer)];
    const wanted = await metricOf({ values });
    expect(await metricOf({ experiment: out })).toEqual(wanted);
    expect(await metricOf({ experiment: out, layer: selected!.layer })).toEqual(wanted);
    expect(await metricOf({ experiment: out, layer: selected!.layer, position: -1 })).toEqual(wanted);
    expect((wanted[0]! + wanted[1]!) / 2).toBeCloseTo(selected!.ablation, 3);

    const refused = (name: string, direction: object) =>
      run(goldenCase(name, 'plain'), 'steering', { direction, layers: [0] });
    const of = (own: object) => refused('llama_mha', { experiment: out, ...own });
    await expect(refused('qwen2', { experiment: out, layer: 1 })).rejects.toThrow(
      /is of another model: its weights have/,
    );
    await expect(of({ layer: 17 })).rejects.toThrow(`has no layer 17; it has 0, 1, 2`);
    await expect(of({ layer: 1, position: -2 })).rejects.toThrow('has no position -2; it has -1');
    await expect(of({ experiment: join(folder, 'nowhere') })).rejects.toThrow('give the folder that demur run wrote');
    await expect(of({ layer: 1, sha256: 'ab'.repeat(32) })).rejects.toThrow('it has changed');
    const text = readFileSync(join(out, 'result.json'), 'utf8');
    writeFileSync(join(out, 'result.json'), text.replace('"kind": "direction"', '"kind": "steering"'));
    await expect(of({ layer: 1 })).rejects.toThrow('found no direction');
    writeFileSync(
      join(out, 'result.json'),
      text.replace(/"selected": \{[^}]*\}/, '"selected": null, "unselected": "none"'),
    );
    await expect(of({})).rejects.toThrow(
      'has selected no direction (none); give "layer" and "position", or let it select among other positions',
    );
  });

  it.each<[object, string, string]>([
    [{ method: 'means' }, 'options.method', '"means" is not one of "difference-in-means", "heads"'],
    [{ method: 'heads' }, 'options.heads', 'missing; give a non-empty list of heads such as ["a3.h7"], each once'],
    [
      { heads: ['a0.h0'] },
      'options.heads',
      'heads are of the method "heads"; give "method": "heads", or leave them out',
    ],
    [{ method: 'heads', heads: ['a0'] }, 'options.heads[0]', '"a0" is not a head such as "a3.h7"'],
    [
      { method: 'heads', heads: ['a0.h9'] },
      'options.heads[0]',
      '"a0.h9" is no head; the model has layers 0 to 2, each with heads 0 to 3',
    ],
    [{ layers: [3] }, 'options.layers[0]', '3 is no layer; the model has layers 0 to 2'],
    [
      { position: [-1, -9] },
      'options.position[1]',
      '-9 is no column of pairs[0], which has 8 tokens; give a column from -8 to -1',
    ],
    [
      { position: 0 },
      'options.position',
      '0 is no column of pairs[0], which has 8 tokens; give a column from -8 to -1',
    ],
    [{ position: 'object' }, 'options.position', 'pairs[0] has no role "object"'],
    [{ position: [-1, -1] }, 'options.position', '[-1,-1] is not a list without repeated columns or roles'],
    [{ maxKl: -1 }, 'options.maxKl', '-1 is not a KL divergence in nats, 0 or more'],
    [{ dropLast: 1 }, 'options.dropLast', '1 is not a share of the layers, from 0 up to 1'],
  ])('refuses %j before it runs', async (options, path, message) => {
    const running = (async () => run(goldenCase('llama_mha', 'plain'), 'direction', options))();
    await expect(running).rejects.toMatchObject({ path, message: expect.stringContaining(message) as string });
  });
});

describe('the choice', () => {
  /** Candidates of ten layers and positions -2, -1 from rows [ablation, addition, kl] by layer and position. */
  function choose(cells: Record<string, [number, number, number, number?]>, options: object = {}) {
    const names = ['selection.ablation', 'selection.addition', 'selection.kl', 'norms'];
    const values = names.map((_, n) => {
      const of = new Float32Array(20).fill([0, -1, 0, 1][n]!);
      for (const [place, numbers] of Object.entries(cells)) {
        const [layer, slot] = place.split(' ').map(Number) as [number, number];
        of[layer * 2 + slot] = numbers[n] ?? 1;
      }
      return of;
    });
    const arrays = Object.fromEntries(names.map((name, n) => [name, { shape: [10, 2], values: values[n]! }]));
    const own = spec({ position: [-2, -1], select: true, ...options });
    return selectDirection(own as Parameters<typeof selectDirection>[0], arrays, { nLayers: 10 });
  }

  it('takes the lowest ablation among those that pass', () => {
    const cells = { '2 0': [-1, 0.5, 0.01], '3 1': [-2, 0.5, 0.0625], '7 0': [-1.5, 3, 0.01] } as const;
    expect(choose({ ...cells } as never).selected).toEqual({
      layer: 3,
      position: -1,
      ablation: -2,
      addition: 0.5,
      kl: 0.0625,
    });
  });

  it.each<[string, [number, number, number, number?], string]>([
    ['changes harmless answers', [-9, 1, 0.11], '3 1'],
    ['does not induce', [-9, -0.01, 0], '3 1'],
    ['has no length', [-9, 1, 0, 0], '3 1'],
    ['has an effect that is NaN', [NaN, 1, 0], '3 1'],
    ['is of the last fifth', [-9, 1, 0], '8 0'],
  ])('drops one that %s', (_, cell, place) => {
    const left = choose({ [place]: cell, '1 0': [-1, 0, 0.05] });
    expect(left.selected).toMatchObject({ layer: 1, position: -2 });
  });

  it('takes the first of equals, positions before layers', () => {
    expect(choose({ '5 0': [-1, 1, 0], '2 1': [-1, 1, 0] }).selected).toMatchObject({ layer: 5, position: -2 });
  });

  it('says why none is left', () => {
    const { selected, unselected } = choose({ '4 0': [-1, 2, 0.5], '0 0': [0, 0, 0, 0] });
    expect(selected).toBeNull();
    expect(unselected).toBe(
      'no candidate is left: 1 are zero, since the prompts do not differ there yet; 4 are of layer 8 or later (dropLast 0.2); 1 change harmless answers by a KL divergence above 0.1 (maxKl); 14 bring the metric of corrupted prompts below 0 when added (minAddition)',
    );
  });

  it('goes by the bounds of the spec', () => {
    const options = { maxKl: 1, minAddition: 2, dropLast: 0 };
    expect(choose({ '9 1': [-3, 2, 0.9], '4 0': [-4, 1, 0] }, options).selected).toMatchObject({ layer: 9 });
  });
});
