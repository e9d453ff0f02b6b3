/** Every metric against a softmax by brute force, its gradient against finite differences, and each method under each metric. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  buildGraph,
  encodeSafetensors,
  openEnginePool,
  prepareExperiment,
  runExperiment,
  specHash,
} from '@demur/interp';
import { cellsOfEdges } from '../../libs/interp/src/edges/edge-cells.ts';
import { patchEdges } from '../../libs/interp/src/edges/edge-patching.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import type { Metric } from '../../libs/interp/src/metrics/metric.ts';
import { openMetric } from '../../libs/interp/src/metrics/open-metric.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { ResolvedPair, ShardArrays, ShardOptions } from '../../libs/interp/src/shard.ts';
import type { MetricSpec } from '../../libs/interp/src/spec/metric.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { pairBlocks } from '../../libs/interp/src/suffix/pair-block.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { randomValues, relativeDifference, tinyModel } from '../model/tiny-model.ts';

function pair(clean: number[], corrupted: number[], answer: number): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer, distractor: 3, firstDifference };
}

const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1], 58),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 16, 24, 41, 9, 1], 30),
  pair([4, 8, 15, 20, 23, 42, 9, 2], [4, 8, 15, 21, 23, 42, 9, 2], 7),
];
const placed = pairs.map((own, place) => ({ place, pair: own }));

/** One after the other, as one backend needs. */
async function inOrder<T, R>(of: readonly T[], run: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of of) results.push(await run(one));
  return results;
}

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };
const refuse = [5, 40, 17];
const comply = [9, 33];

/** Gemma-2 caps its logits and has an own final norm; GPT-2 a layer norm; Llama has an unembedding of its own. */
const models = [
  ['gemma2', 'tensorflow'],
  ['gemma2', 'wasm'],
  ['gpt2', 'wasm'],
  ['llama_mha', 'wasm'],
] as const;

describe.each(models)('%s, %s', (name, backend) => {
  let model: Transformer;
  let direction: number[];
  beforeAll(async () => {
    model = await tinyModel(name, backend);
    direction = [...randomValues(model.config.dModel, 3)];
    model.forward([[1]]).dispose();
  });
  afterAll(() => model.dispose());

  const names = ['logit-difference', 'answer-logprob', 'kl-divergence', 'log odds', 'log odds of all', 'projection'];
  const all = [...names, 'projection after layer 0'];

  function metricSpec(of: string): MetricSpec {
    if (of === 'log odds') return { refusalLogOdds: { refuse, comply } };
    if (of === 'log odds of all') return { refusalLogOdds: { refuse } };
    if (of === 'projection') return { projection: { values: direction } };
    if (of === 'projection after layer 0') return { projection: { values: direction }, layer: 0 };
    return of as MetricSpec;
  }

  function open(of: string, by: Transformer = model): Promise<Metric> {
    return withReadings((readings) => openMetric(by, metricSpec(of), { pairs: placed, readings }));
  }

  function run(kind: string, of: string, options: object, own = pairs): Promise<ShardArrays> {
    const shard = { index: 0, pairs: own.map((p, index) => ({ index, pair: p })), columns: 8, pairCount: own.length };
    const spec = parseSpec({ kind, model: '.', pairs: 'given', metric: metricSpec(of), options });
    return executeShard(model, spec, shard, going);
  }

  type Hooks = NonNullable<NonNullable<Parameters<Transformer['forward']>[1]>['hooks']>;

  /** A whole pass: logits and residual streams at the last position. */
  function whole(tokens: number[], hooks: Hooks = {}) {
    const { nLayers, dModel } = model.config;
    const names = Array.from({ length: nLayers }, (_, layer) => blockHook(layer, 'hook_resid_post'));
    const pass = model.forward([tokens], { capture: names, hooks });
    const logits = pass.logits!.dataSync<'float32'>().slice();
    const resid = names.map((at) => pass.activations.get(at)!.dataSync<'float32'>().slice(-dModel));
    pass.dispose();
    return { logits, resid };
  }

  const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);

  function probabilities(logits: Float32Array): number[] {
    const most = Math.max(...logits);
    const powers = Array.from(logits, (logit) => Math.exp(logit - most));
    return powers.map((power) => power / sum(powers));
  }

  /** A metric by its definition, in float64. */
  function byDefinition(of: string, own: ResolvedPair, pass: ReturnType<typeof whole>): number {
    const p = probabilities(pass.logits);
    const share = (tokens: number[]): number => sum(tokens.map((token) => p[token]!));
    const clean = (): number[] => probabilities(whole(own.clean).logits);
    const dot = (resid: Float32Array): number => sum(direction.map((value, i) => value * resid[i]!));
    switch (of) {
      case 'logit-difference':
        return pass.logits[own.answer]! - pass.logits[own.distractor]!;
      case 'answer-logprob':
        return Math.log(p[own.answer]!);
      case 'kl-divergence':
        return sum(clean().map((q, token) => q * (Math.log(q) - Math.log(p[token]!))));
      case 'log odds':
        return Math.log(share(refuse)) - Math.log(share(comply));
      case 'log odds of all':
        return Math.log(share(refuse)) - Math.log(1 - share(refuse));
      case 'projection':
        return dot(pass.resid.at(-1)!);
      default:
        return dot(pass.resid[0]!);
    }
  }

  /** Differences as a share of the values' spread where they have one: they may all be far from zero. */
  function expectClose(got: ArrayLike<number>, wanted: number[], tolerance = 1e-5): void {
    expect(got.length).toBe(wanted.length);
    const scale = Math.max(...wanted.map(Math.abs));
    for (let i = 0; i < wanted.length; i++) expect(Math.abs(got[i]! - wanted[i]!) / scale).toBeLessThan(tolerance);
  }

  describe.each(all)('%s', (of) => {
    it('is what its definition says of the clean and the corrupted run, however few logits fit', async () => {
      const activations = await run('activations', of, { names: [] });
      for (const side of ['clean', 'corrupted'] as const) {
        const wanted = pairs.map((own) => byDefinition(of, own, whole(own[side])));
        if (of === 'kl-divergence' && side === 'clean')
          for (const value of activations['clean.metric']!.values) expect(Math.abs(value)).toBeLessThan(1e-6);
        else expectClose(activations[`${side}.metric`]!.values, wanted);
      }
      const scarce = new Transformer(model.config, model, { activationBytes: 32 * model.config.dVocab });
      const [metric, chunked] = [await open(of), await open(of, scarce)];
      const rows = randomValues(2 * pairs.length * model.config.dModel, 5);
      const read = (by: Metric): Record<string, Float32Array> =>
        tf.tidy(() => {
          const final = tf.tensor2d(rows, [2 * pairs.length, model.config.dModel]);
          const some = final.slice([0, 0], [4, model.config.dModel]);
          return Object.fromEntries(
            Object.entries({
              values: by.values(final, pairs.length),
              first: by.values(some, 2),
              gradients: by.gradients(final.slice([0, 0], [pairs.length, model.config.dModel])),
            }).map(([key, tensor]) => [key, tensor.dataSync<'float32'>().slice()]),
          ) as never;
        });
      const [entire, parts] = [read(metric), read(chunked)];
      for (const key of Object.keys(entire)) expect(relativeDifference(parts[key]!, entire[key]!)).toBeLessThan(1e-6);
      expect(entire['first']!.length).toBe(4);
      expect(relativeDifference(entire['first']!.slice(0, 2), entire['values']!.slice(0, 2))).toBeLessThan(1e-5);
    });

    it('has the gradients that finite differences give', async () => {
      const metric = await open(of);
      const { dModel } = model.config;
      const resid = Float32Array.from(pairs.flatMap((own) => [...whole(own.corrupted).resid[metric.layers - 1]!]));
      const values = (rows: Float32Array): Float32Array =>
        tf.tidy(() => metric.values(tf.tensor2d(rows, [pairs.length, dModel]), pairs.length).dataSync<'float32'>());
      const gradients = tf.tidy(() =>
        metric
          .gradients(tf.tensor2d(resid, [pairs.length, dModel]))
          .dataSync<'float32'>()
          .slice(),
      );
      for (const p of pairs.keys()) {
        const own = gradients.subarray(p * dModel, (p + 1) * dModel);
        const norm = Math.hypot(...own);
        expect(norm).toBeGreaterThan(0);
        const size = Math.hypot(...resid.subarray(p * dModel, (p + 1) * dModel));
        const random = randomValues(dModel, p + 11);
        for (const towards of [own, random]) {
          const unit = Array.from(towards, (value) => value / Math.hypot(...towards));
          const step = Math.min(0.02 / norm, 0.01 * size);
          const moved = (by: number): number =>
            values(resid.map((value, i) => (Math.floor(i / dModel) === p ? value + by * unit[i % dModel]! : value)))[
              p
            ]!;
          const slope = (moved(step) - moved(-step)) / (2 * step);
          const along = sum(unit.map((value, i) => value * own[i]!));
          // Float32's rounding over the step is up to 4e-4 of the gradient.
          expect(Math.abs(slope - along) / norm).toBeLessThan(1e-3);
        }
      }
    });

    // On TensorFlow, patch-sites.test.ts and steering.test.ts show the same of one metric; its values are held to the definition above.
    if (backend === 'wasm') {
      it('is patched as whole passes are', async () => {
        const sites = ['resid_pre', 'attn_out', 'mlp_out'] as const;
        const options = { activations: [...sites], positions: [-2, -1] };
        const arrays = await run('activation-patching', of, options);
        for (const site of sites) {
          const wanted: number[] = [];
          for (let layer = 0; layer < model.config.nLayers; layer++)
            for (const back of [2, 1])
              for (const own of pairs) {
                const at = blockHook(layer, `hook_${site}`);
                const source = model.forward([own.clean], { capture: [at] });
                const put = (x: tf.Tensor): tf.Tensor => {
                  const from = source.activations.get(at)!;
                  const mask = Array.from({ length: 8 }, (_, position) => position === 8 - back);
                  return tf.where(tf.tensor(mask, [1, 8, 1], 'bool').broadcastTo(x.shape), from, x);
                };
                wanted.push(byDefinition(of, own, whole(own.corrupted, { [at]: put })));
                source.dispose();
              }
          expectClose(arrays[site]!.values, wanted, 2e-5);
        }
      });

      it('is steered as whole passes are', async () => {
        const vector = [...randomValues(model.config.dModel, 9)];
        const options = { direction: { values: vector }, layers: [0, 1], coefficients: [0, 0.5, -2], run: 'corrupted' };
        const { metric } = await run('steering', of, options);
        expect(metric!.shape).toEqual([3, pairs.length]);
        const wanted = options.coefficients.flatMap((coefficient) =>
          pairs.map((own) => {
            const add = (x: tf.Tensor): tf.Tensor => x.add(tf.tensor1d(vector).mul(coefficient));
            const hooks = { 'blocks.0.hook_resid_pre': add, 'blocks.1.hook_resid_pre': add };
            return byDefinition(of, own, whole(own.corrupted, hooks));
          }),
        );
        expectClose(metric!.values, wanted);
      });
    }

    it('leaves no tensor behind', async () => {
      const before = tf.memory().numTensors;
      await run('activations', of, { names: ['blocks.*.hook_resid_pre'], gradients: true });
      await run('activation-patching', of, { positions: 'last' });
      await run('steering', of, { direction: { values: direction }, layers: [1], maxTokens: 2 });
      if (of !== 'kl-divergence') await run('attribution', of, {});
      expect(tf.memory().numTensors).toBe(before);
    });
  });

  const attributed = backend === 'wasm' ? all.filter((of) => of !== 'kl-divergence') : ['answer-logprob'];
  it.each(attributed)('attributes %s to edges as small exact edits do', async (of) => {
    const { scores } = await run('attribution', of, {});
    const graph = buildGraph(model.config, 'expanded');
    const at = [...graph.mask.keys()].filter((cell) => graph.mask[cell] === 1);
    const edges = at.map((cell) => {
      const [sender, receiver] = [Math.floor(cell / graph.receivers.length), cell % graph.receivers.length];
      return `${graph.senders[sender]}->${graph.receivers[receiver]}`;
    });
    const cells = cellsOfEdges(edges, graph, model.config);
    const effects = new Float64Array(edges.length);
    for (const block of pairBlocks(placed))
      await withReadings(async (readings) => {
        const metric = await openMetric(model, metricSpec(of), { pairs: block.pairs, readings });
        const effectsOf = async (share: number): Promise<Float32Array> => {
          const options = { cells, kvHeads: 'expanded', metric, readings, share, ...going } as const;
          return (await patchEdges(model, block, { ...options, onStep: () => undefined })).effects;
        };
        const [forth, back, half, halfBack] = await inOrder([0.01, -0.01, 0.005, -0.005], effectsOf);
        // Central differences with two steps, extrapolated (Richardson): the cubic term falls out. What is left of Gemma-2's
        // curvature is 2e-3 of the largest score at steps twice as long, 2e-4 at these; float32's rounding is up to 6e-4 here.
        for (const [i, value] of forth!.entries()) {
          const [wide, narrow] = [(value - back![i]!) / 0.02, (half![i]! - halfBack![i]!) / 0.01];
          effects[Math.floor(i / block.pairs.length)]! += (4 * narrow - wide) / 3;
        }
      });
    const got = at.map((cell) => scores!.values[cell]!);
    expect(relativeDifference(got, effects)).toBeLessThan(1e-3);
    expect(got.some((score) => score !== 0)).toBe(true);
  });

  it('attributes a KL divergence along a path, since at the clean run it is flat', async () => {
    const largest = async (options: object): Promise<number> => {
      const { scores } = await run('attribution', 'kl-divergence', options);
      return scores!.values.reduce((most, score) => Math.max(most, Math.abs(score)), 0);
    };
    const alongPath = await largest({ method: 'eap-ig', steps: 3 });
    expect(alongPath).toBeGreaterThan(0);
    expect((await largest({ method: 'eap' })) / alongPath).toBeLessThan(1e-4);
  });

  it('gives a projection on a layer no gradient after it, and edges after it no score', async () => {
    const of = 'projection after layer 0';
    const names = ['blocks.0.hook_mlp_out', 'blocks.1.hook_resid_pre', 'ln_final.hook_normalized'];
    const arrays = await run('activations', of, { names, gradients: true });
    const gradient = (hook: string): Float32Array => arrays[`clean.grad.${hook}`]!.values;
    const last = gradient('blocks.0.hook_mlp_out').subarray(7 * model.config.dModel, 8 * model.config.dModel);
    expect(
      relativeDifference(
        last.map((value) => value * pairs.length),
        direction,
      ),
    ).toBeLessThan(1e-6);
    for (const hook of names.slice(1)) expect(gradient(hook).every((value) => value === 0)).toBe(true);
  });
});

describe('a metric of a spec', () => {
  const golden = goldenCase('llama_mha', 'plain');
  const folder = mkdtempSync(join(tmpdir(), 'demur-metric-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function write(name: string, values: Float32Array): string {
    const file = join(folder, name);
    writeFileSync(file, encodeSafetensors({ v: { shape: [values.length], values } }));
    return file;
  }

  function prepared(metric: object | string, kind = 'attribution', options = {}) {
    const { model, pairs: own } = golden;
    return prepareExperiment(parseSpec({ kind, model, pairs: own, metric, options }));
  }

  it('has a direction by its content', async () => {
    const width = golden.arrays['clean.resid_post']!.shape.at(-1)!;
    const [one, other] = [3, 4].map((seed) => write(`${seed}.safetensors`, randomValues(width, seed)));
    const specs = await Promise.all(
      [one, one, other].map(async (file) => (await prepared({ projection: { file, name: 'v' } })).spec),
    );
    // Paths are part of a spec; its content is what tells these two apart.
    writeFileSync(one!, readFileSync(other!));
    specs.push((await prepared({ projection: { file: one, name: 'v' } })).spec);
    const [first, again, , changed] = specs.map(specHash);
    expect(again).toBe(first);
    expect(changed).not.toBe(first);
    expect(specs[3]!.metric).toMatchObject({
      projection: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
  });

  it('takes each token of its sets once, by id', async () => {
    const { shardSpec } = await prepared({ refusalLogOdds: { refuse: [5, 7, 5], comply: [9] } });
    expect(shardSpec.metric).toEqual({ refusalLogOdds: { refuse: [5, 7], comply: [9] } });
  });

  const dVocab = golden.arrays['clean.logits']!.shape.at(-1)!;
  const every = Array.from({ length: dVocab }, (_, id) => id);
  it.each([
    [
      'text without a tokenizer',
      { refusalLogOdds: { refuse: ['Sorry'] } },
      'metric.refusalLogOdds.refuse[0]',
      'needs a tokenizer',
    ],
    [
      'an id beyond',
      { refusalLogOdds: { refuse: [1], comply: [2, 1e6] } },
      'metric.refusalLogOdds.comply[1]',
      'outside the model',
    ],
    [
      'a token of both',
      { refusalLogOdds: { refuse: [1, 2], comply: [2] } },
      'metric.refusalLogOdds.comply[0]',
      'token 2 is among "refuse" as well',
    ],
    [
      'nothing but refusing',
      { refusalLogOdds: { refuse: every } },
      'metric.refusalLogOdds.refuse',
      'the whole vocabulary',
    ],
    [
      'a layer beyond',
      { projection: { values: [1] }, layer: 99 },
      'metric.layer',
      '99 is no layer; the model has layers 0 to',
    ],
    [
      'a short direction',
      { projection: { values: [1] } },
      'metric.projection',
      "has 1 values; the model's residual stream has",
    ],
    [
      'a direction of zeros',
      { projection: { values: [...golden.arrays['steer.vector']!.values.map(() => 0)] } },
      'metric.projection',
      'is zero: every projection on it is 0',
    ],
    ['no file', { projection: { file: join(folder, 'none'), name: 'v' } }, 'metric.projection', 'none'],
    ['no gradient where it is taken', 'kl-divergence', 'metric', 'every score would be 0; use "method": "eap-ig"'],
  ])('is refused: %s', async (_, metric, path, message) => {
    await expect(prepared(metric)).rejects.toMatchObject({ path, message: expect.stringContaining(message) as string });
  });

  it('stands in words in the record', async () => {
    const pool = await openEnginePool({ backend: 'wasm', workers: 1 });
    try {
      const { spec } = await prepared('kl-divergence', 'activations', { names: [] });
      const { arrays, result } = await runExperiment(spec, { pool });
      expect(result.record.conventions['metric']).toMatch(/^KL\(clean run \|\| run\)/);
      expect(Math.max(...arrays['corrupted.metric']!.values)).toBeGreaterThan(0);
    } finally {
      await pool.close();
    }
  });
});
