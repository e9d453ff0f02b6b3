/**
 * Head scans: single heads against the reference cases, and the checks of chosen heads together against whole forward passes
 * in which hooks put in the other prompt's z, zero, a mean, or a direction.
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { Hooks, Transformer } from '@demur/model/engine';
import {
  openEnginePool,
  parseSpec,
  prepareExperiment,
  runExperiment,
  type EnginePool,
  type PairSpec,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { summariseHeadScan } from '../../libs/interp/src/head-scan/summarise.ts';
import { roundsOf } from '../../libs/interp/src/kinds/index.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import type { NamedArray, ResolvedPair } from '../../libs/interp/src/shard.ts';
import { goldenCase, type Batch } from '../golden/golden-case.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';
import { going, stretched, tinyColumns as columns, tinyPairs as pairs } from './tiny-pairs.ts';

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

type Side = 'clean' | 'corrupted';
const sides = ['clean', 'corrupted'] as const;

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'wasm'],
  ['gpt2', 'wasm'],
  ['qwen2', 'wasm'],
  ['stretched', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await (name === 'stretched' ? randomModel(stretched, backend) : tinyModel(name, backend));
  });
  afterAll(() => model.dispose());

  async function scan(
    options: object,
    work = going,
    shardsOf: number[][] = [
      [0, 1, 2, 5],
      [3, 4],
    ],
  ) {
    const spec = parseSpec({ kind: 'head-scan', model: '.', pairs: 'given', seed: 3, options });
    if (spec.kind !== 'head-scan') throw new Error(spec.kind);
    const arrays: Record<string, NamedArray> = {};
    const shards = shardsOf.map((indices, index) => ({
      ...{ index, columns, pairCount: pairs.length },
      pairs: indices.map((at) => ({ index: at, pair: pairs[at]! })),
    }));
    for (const round of roundsOf(spec)) {
      const results = [];
      const given = { ...arrays };
      for (const own of shards)
        results.push({ shard: own, arrays: await executeShard(model, spec, { ...own, round, given }, work) });
      Object.assign(arrays, mergeShards(spec.kind, results));
    }
    const context = {
      shardSpec: spec,
      config: model.config,
      tokenizer: null,
      pairCount: pairs.length,
      signal: undefined,
    };
    return { arrays, summary: summariseHeadScan(spec, arrays, context) };
  }

  /** The metric of one prompt, a row of the batch each, under hooks. */
  async function metricsOf(
    p: ResolvedPair,
    side: Side,
    { rows = 1, hooks }: { rows?: number; hooks: Hooks },
  ): Promise<number[]> {
    const run = model.forward(Array<number[]>(rows).fill(p[side]), { hooks });
    const logits = await run.logits!.data();
    run.dispose();
    const { dVocab } = model.config;
    return Array.from(
      { length: rows },
      (_, at) => logits[at * dVocab + p.answer]! - logits[at * dVocab + p.distractor]!,
    );
  }

  /** z [layer][position][head][dHead] of one prompt. */
  async function zOf(p: ResolvedPair, side: Side): Promise<number[][][][]> {
    const layers = Array.from({ length: model.config.nLayers }, (_, layer) => blockHook(layer, 'attn.hook_z'));
    const run = model.forward([p[side]], { capture: layers });
    const z = await Promise.all(layers.map((hook) => run.activations.get(hook)!.array() as Promise<number[][][][]>));
    run.dispose();
    return z.map(([own]) => own!);
  }

  /** Hooks that put `value` [position][head][dHead] of each layer at some positions of the heads of a set, a set a row. */
  function putting(sets: string[][], places: boolean[], value: (layer: number) => number[][][]): Hooks {
    const put =
      (layer: number) =>
      (x: tf.Tensor): tf.Tensor => {
        const taken = sets.map((set) =>
          places.map((isPlace) =>
            Array.from({ length: x.shape[2]! }, (_, h) => isPlace && set.includes(`a${layer}.h${h}`)),
          ),
        );
        const condition = tf.tensor(taken.flat(2), [...x.shape.slice(0, 3), 1], 'bool').broadcastTo(x.shape);
        return tf.where(condition, tf.tensor([value(layer)]).broadcastTo(x.shape), x);
      };
    const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
    return Object.fromEntries(layers.map((layer) => [blockHook(layer, 'attn.hook_z'), put(layer)]));
  }

  it.each([
    ['denoising', 'all'],
    ['noising', 'last'],
  ] as const)('checks chosen heads together as whole passes do, %s at %s', async (direction, position) => {
    const { arrays, summary } = await scan({ direction, position, top: 5, validate: ['patch', 'ablate'] });
    const { heads, validation } = summary;
    const sets = [heads.map((head) => head.name), ...validation!.random!];
    expect(new Set(heads.map(({ layer }) => layer)).size).toBeGreaterThan(1);
    const [source, destination] =
      direction === 'denoising' ? (['clean', 'corrupted'] as const) : (['corrupted', 'clean'] as const);
    const zs: Record<Side, number[][][][][]> = { clean: [], corrupted: [] };
    for (const side of sides) for (const p of pairs) zs[side].push(await zOf(p, side));
    /** The corrupted runs' mean `end` tokens from the end, of the pairs that differ by then. */
    const meanZ = (layer: number, end: number): number[][] => {
      const own = pairs.flatMap(({ clean, firstDifference }, i) =>
        clean.length - end >= firstDifference ? [zs.corrupted[i]![layer]![clean.length - end]!] : [],
      );
      return own[0]?.map((z, head) => z.map((_, at) => mean(own.map((of) => of[head]![at]!)))) ?? zs.clean[0]![0]![0]!;
    };
    const wanted: Record<string, number[][]> = { patch: [], 'ablate.mean': [], 'ablate.zero': [] };
    for (const [i, p] of pairs.entries()) {
      const every = p.clean.map((_, at) => at);
      const last = every.map((at) => at === p.clean.length - 1);
      // A patch of what does not differ yet changes nothing, so here it is at all positions.
      const everywhere = position === 'last' ? last : every.map(() => true);
      const differing = position === 'last' ? last : every.map((at) => at >= p.firstDifference);
      const nothing = zs.clean[i]![0]!.map((atPosition) => atPosition.map((z) => z.map(() => 0)));
      const run = (side: Side, hooks: Hooks) => metricsOf(p, side, { rows: sets.length, hooks });
      wanted['patch']!.push(
        await run(
          destination,
          putting(sets, everywhere, (layer) => zs[source][i]![layer]!),
        ),
      );
      const means = (layer: number) => every.map((at) => meanZ(layer, p.clean.length - at));
      wanted['ablate.mean']!.push(await run('clean', putting(sets, differing, means)));
      wanted['ablate.zero']!.push(
        await run(
          'clean',
          putting(sets, differing, () => nothing),
        ),
      );
    }
    const [clean, corrupted] = [mean(arrays['baseline.clean']!.values), mean(arrays['baseline.corrupted']!.values)];
    const bySet = (check: string) => sets.map((_, set) => wanted[check]!.map((values) => values[set]!));
    for (const check of Object.keys(wanted)) {
      const got = arrays[`validate.${check}`]!;
      expect(got.shape, check).toEqual([sets.length, pairs.length]);
      expect(relativeDifference(got.values, bySet(check).flat()), check).toBeLessThan(1e-5);
    }
    const scores = (check: string, from: number, to: number) =>
      bySet(check).map((of) => (mean(of) - from) / (to - from));
    const { patch, ablate } = validation!;
    const [to, from] = direction === 'denoising' ? [clean, corrupted] : [corrupted, clean];
    expect(relativeDifference([patch!.score, ...patch!.random], scores('patch', from, to))).toBeLessThan(1e-4);
    expect(patch!.singles).toBeCloseTo(
      heads.reduce((sum, head) => sum + head.score, 0),
      6,
    );
    for (const value of ['mean', 'zero'] as const) {
      const { score, random, metric } = ablate![value];
      expect(relativeDifference([score, ...random], scores(`ablate.${value}`, clean, corrupted))).toBeLessThan(1e-4);
      expect(relativeDifference([metric], [mean(bySet(`ablate.${value}`)[0]!)])).toBeLessThan(1e-4);
    }
  });

  it('steers with what the heads add, clean - corrupted, as whole passes do', async () => {
    const { arrays, summary } = await scan({
      top: 3,
      validate: ['steer'],
      coefficients: [-2, 6],
      steerPosition: 'apart',
    });
    const { heads, validation } = summary;
    const at = (layer: number) => blockHook(layer, 'attn.hook_result_post');
    /** Mean over the role's tokens of what the heads add; before the first difference it is the same for both prompts. */
    const added = async (p: ResolvedPair, side: Side): Promise<number[]> => {
      const run = model.forward([p[side]], { capture: [...new Set(heads.map(({ layer }) => at(layer)))] });
      const results = heads.map(({ layer }) => run.activations.get(at(layer))!.array() as Promise<number[][][][]>);
      const places = p.roles!['apart']!;
      const own = (await Promise.all(results)).flatMap(([result], i) =>
        places.filter((place) => place >= p.firstDifference).map((place) => result![place]![heads[i]!.head]!),
      );
      run.dispose();
      return sums.map((_, d) => own.reduce((sum, vector) => sum + vector[d]!, 0) / places.length);
    };
    const sums = new Array<number>(model.config.dModel).fill(0);
    for (const p of pairs) {
      const [clean, corrupted] = [await added(p, 'clean'), await added(p, 'corrupted')];
      for (const [d, value] of clean.entries()) sums[d]! += (value - corrupted[d]!) / pairs.length;
    }
    expect(relativeDifference(arrays['validate.direction']!.values, sums)).toBeLessThan(1e-5);
    const last = Math.max(...heads.map(({ layer }) => layer));
    expect(validation!.steer!.layer).toBe(Math.min(last + 1, model.config.nLayers - 1));
    const hook = blockHook(validation!.steer!.layer, 'hook_resid_pre');
    for (const [way, side, sign] of [
      ['induce', 'corrupted', 1],
      ['inhibit', 'clean', -1],
    ] as const) {
      const wanted: number[] = [];
      for (const coefficient of [-2, 6])
        for (const p of pairs) {
          const hooks: Hooks = { [hook]: (x) => x.add(sums.map((value) => sign * coefficient * value)) };
          wanted.push(...(await metricsOf(p, side, { hooks })));
        }
      expect(relativeDifference(arrays[`validate.steer.${way}`]!.values, wanted), way).toBeLessThan(1e-5);
      const rows = validation!.steer![way];
      expect(rows.map(({ coefficient }) => coefficient)).toEqual([sign * -2, sign * 6]);
      expect(rows[1]!.metric).toBeCloseTo(mean(wanted.slice(pairs.length)), 3);
    }
  });

  it('gives the same numbers however the pairs are cut, and leaves no tensor behind when it is cancelled', async () => {
    const options = { top: 4, coefficients: [3] };
    let calls = 0;
    const counting = { ...going, cancel: { throwIfCancelled: () => void calls++ } };
    const whole = await scan(options, counting, [[0, 1, 2, 3, 4, 5]]);
    const cut = await scan(options, going, [[4], [2], [0], [3], [5], [1]]);
    expect(cut.summary.heads.map((head) => head.name)).toEqual(whole.summary.heads.map((head) => head.name));
    expect(Object.keys(cut.arrays).sort()).toEqual(Object.keys(whole.arrays).sort());
    for (const [key, { values }] of Object.entries(whole.arrays))
      expect(relativeDifference(cut.arrays[key]!.values, values), key).toBeLessThan(2e-5);
    const before = tf.memory().numTensors;
    for (const at of [0.6, 0.95].map((share) => Math.ceil(share * calls))) {
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (++asked === at) throw new Error('cancelled');
      };
      const attempt = scan(options, { ...going, cancel: { throwIfCancelled } }, [[0, 1, 2, 3, 4, 5]]);
      await expect(attempt).rejects.toThrow('cancelled');
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('head scans of a spec', () => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'wasm', workers: 2 });
  });
  afterAll(() => pool.close());

  function scanOf(name: string, options: object, batch: Batch = 'plain', change: object = {}) {
    const { model, pairs: given } = goldenCase(name, batch);
    return parseSpec({ kind: 'head-scan', model, pairs: given, seed: 1, options, ...change });
  }

  it.each(['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'])('scores every head of %s', async (name) => {
    for (const batch of ['plain', 'leftpad'] as const) {
      const { arrays: reference } = goldenCase(name, batch);
      const clean = reference['clean.metric']!.values;
      const corrupted = reference['corrupted.metric']!.values;
      for (const position of ['all', 'last'] as const) {
        const { arrays } = await runExperiment(scanOf(name, { position, validate: [] }, batch), { pool });
        const { shape, values } = reference[`patch.head_z_${position}`]!;
        const wanted = values.map((value, i) => (value - corrupted[i % 2]!) / (mean(clean) - mean(corrupted)));
        expect(arrays['head_scores.pair']!.shape).toEqual(shape);
        expect(relativeDifference(arrays['head_scores.pair']!.values, wanted)).toBeLessThan(1e-4);
        const means = Array.from({ length: wanted.length / 2 }, (_, i) => mean(wanted.subarray(2 * i, 2 * i + 2)));
        expect(arrays['head_scores']!.shape).toEqual(shape.slice(0, 2));
        expect(relativeDifference(arrays['head_scores']!.values, means)).toBeLessThan(1e-4);
      }
    }
  });

  it('chooses the heads over a threshold, or the strongest, of some layers, and random others of the same layers', async () => {
    const { arrays, result } = await runExperiment(scanOf('gpt2', { threshold: 0.1, validate: ['patch'] }), { pool });
    const { nLayers, nHeads } = (await prepareExperiment(scanOf('gpt2', {}))).source.config;
    const scores = [...arrays['head_scores']!.values];
    const over = scores.flatMap((score, at) => (score > 0.1 ? [at] : [])).sort((a, b) => scores[b]! - scores[a]!);
    const name = (at: number): string => `a${Math.floor(at / nHeads)}.h${at % nHeads}`;
    expect(result.heads!.map((head) => head.name)).toEqual(over.map(name));
    expect(result.heads!.map(({ score }) => score)).toEqual(over.map((at) => scores[at]));
    const inLayer = (names: string[]): number[] =>
      Array.from({ length: nLayers }, (_, layer) => names.filter((of) => of.startsWith(`a${layer}.`)).length);
    const chosen = inLayer(over.map(name));
    for (const set of result.validation!.random!) {
      expect(inLayer(set)).toEqual(chosen.map((count) => Math.min(count, nHeads - count)));
      expect(
        set.filter((head) => over.map(name).includes(head) || set.indexOf(head) !== set.lastIndexOf(head)),
      ).toEqual([]);
    }
    const options = { top: 2, layers: [1], validate: ['patch'] };
    const one = await runExperiment(scanOf('gpt2', options), { pool });
    const ofLayer = Array.from({ length: nHeads }, (_, head) => nHeads + head).sort((a, b) => scores[b]! - scores[a]!);
    expect(one.result.heads!.map((head) => head.name)).toEqual(ofLayer.slice(0, 2).map(name));
    const again = await runExperiment(scanOf('gpt2', options), { pool });
    expect(again.result.validation).toEqual(one.result.validation);
    expect(one.result.validation!.random!.length).toBe(1);
    const ofSeed = async (seed: number) =>
      (await runExperiment(scanOf('gpt2', { top: 3, validate: ['patch'] }, 'plain', { seed }), { pool })).result;
    expect((await ofSeed(2)).validation!.random).not.toEqual((await ofSeed(1)).validation!.random);
  });

  it('says why there is nothing to check', async () => {
    const { arrays, result } = await runExperiment(scanOf('gpt2', { threshold: 1e6 }), { pool });
    expect(result.heads).toEqual([]);
    expect(result.validation).toEqual({
      none: expect.stringMatching(/^no head's score is over 1000000; the strongest is a\d\.h\d with [\d.]+$/) as string,
    });
    expect(Object.keys(arrays).sort()).toEqual([
      'baseline.clean',
      'baseline.corrupted',
      'head_scores',
      'head_scores.pair',
    ]);
  });

  it('has no random heads to compare with where all are chosen', async () => {
    const { result } = await runExperiment(scanOf('gpt2', { layers: [0], top: 4, validate: ['patch'] }), { pool });
    expect(result.validation!.random).toEqual([]);
    expect(result.validation!.patch!.random).toEqual([]);
  });

  it('refuses pairs that the metric does not tell apart', async () => {
    const [{ clean, corrupted, ...tokens }] = goldenCase('gpt2', 'plain').pairs as [PairSpec];
    const both = [
      { ...tokens, clean, corrupted },
      { ...tokens, clean: corrupted, corrupted: clean },
    ];
    await expect(runExperiment(scanOf('gpt2', {}, 'plain', { pairs: both }), { pool })).rejects.toMatchObject({
      code: 'NO_DIFFERENCE',
      path: 'pairs',
      message: expect.stringMatching(
        /^pairs: the metric's mean is [-\d.]+ over the clean prompts and [-\d.]+ over the corrupted ones, so no head's/,
      ) as string,
    });
  });

  it.each<[object, string, string]>([
    [{ threshold: 0.1, top: 3 }, 'options.top', '3: the heads over a threshold are as many as they are'],
    [{ threshold: -1 }, 'options.threshold', '-1 is not a threshold on the scale of the refusal score, 0 or more'],
    [{ top: 0 }, 'options.top', '0 is not a number of heads, 1 or more'],
    [{ position: 'each' }, 'options.position', '"each" is not one of "all", "last"'],
    [{ validate: ['patch', 'patch'] }, 'options.validate', 'without repeated checks'],
    [{ validate: ['steer', 'dla'] }, 'options.validate[1]', '"dla" is not one of "patch", "ablate", "steer"'],
    [{ coefficients: [] }, 'options.coefficients', '[] is not a non-empty list of coefficients'],
    [{ layers: [0, 9] }, 'options.layers[1]', '9 is no layer; the model has layers 0 to'],
    [{ layers: [0], top: 5 }, 'options.top', '5 is more than the 4 heads of these layers'],
    [{ steerPosition: 'object' }, 'options.steerPosition', 'pairs[0] has no role "object"'],
    [{ steerPosition: -99 }, 'options.steerPosition', '-99 is no column of pairs[0]'],
  ])('refuses %j', async (options, path, message) => {
    const attempt = async () => prepareExperiment(scanOf('gpt2', options));
    await expect(attempt()).rejects.toMatchObject({
      issues: [{ path, message: expect.stringContaining(message) as string }],
    });
  });
});
