/** Steering: what each coefficient does, against whole passes with hooks, and refusals counted by words. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {
  openEnginePool,
  parseSpec,
  prepareExperiment,
  runExperiment,
  type EnginePool,
  type NamedArray,
} from '@demur/interp';
import type { Hooks, Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import type { ResolvedPair, ShardOptions } from '../../libs/interp/src/shard.ts';
import { isRefusal, REFUSAL_WORDS } from '../../libs/interp/src/steering/refusal-words.ts';
import { summariseSweep } from '../../libs/interp/src/steering/summarise-sweep.ts';
import { difference, goldenCase } from '../golden/golden-case.ts';
import { tinyModel } from '../model/tiny-model.ts';

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };
const given = [{ clean: { tokens: [1] }, corrupted: { tokens: [2] }, answer: 1, distractor: 2 }];

function spec(options: object, metric: unknown = 'logit-difference') {
  const parsed = parseSpec({ kind: 'steering', model: 'm', pairs: given, metric, options });
  if (parsed.kind !== 'steering') throw new Error('not a steering');
  return parsed;
}

function pair(clean: number[], corrupted: number[]): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference };
}

const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 17, 24, 41, 9, 1]),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1]),
];

async function sweep(model: Transformer, of: ReturnType<typeof spec>, shards: number[][]) {
  const results = [];
  for (const [index, places] of shards.entries()) {
    const own = places.map((at) => ({ index: at, pair: pairs[at]! }));
    const shard = { index, pairs: own, columns: 8, pairCount: pairs.length };
    results.push({ shard, arrays: await executeShard(model, of, shard, going) });
  }
  return mergeShards('steering', results);
}

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  let vector: number[];
  beforeAll(async () => {
    model = await tinyModel(name, backend);
    vector = Array.from({ length: model.config.dModel }, (_, i) => 2 * Math.cos(3 * i));
  });
  afterAll(() => model.dispose());

  /** p of the next token, in float64, in a whole pass with hooks. */
  function probabilities(tokens: number[], hooks: Hooks = {}): number[] {
    const run = model.forward([tokens], { hooks });
    const logits = [...run.logits!.dataSync<'float32'>()];
    run.dispose();
    const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
    const sum = powers.reduce((a, b) => a + b, 0);
    return powers.map((power) => power / sum);
  }

  const hooksOf = {
    add: (coefficient: number): Hooks => ({
      'blocks.1.hook_resid_pre': (x: tf.Tensor) => x.add(tf.tensor1d(vector).mul(coefficient)),
    }),
    ablate: (): Hooks => {
      const u = tf.tensor1d(vector.map((x) => x / Math.hypot(...vector)));
      return { 'blocks.1.hook_resid_pre': (x: tf.Tensor) => x.sub(x.mul(u).sum(-1, true).mul(u)) };
    },
  };
  const refuse = [5, 17];
  const comply = [3, 30, 31];

  it.each([
    ['add', 'clean', [1.5, -4], { refuse, comply }],
    ['add', 'corrupted', [0, 3], { refuse }],
    ['ablate', 'clean', [1], { refuse }],
  ] as const)('reports what whole passes give: %s, %s', async (mode, run, coefficients, refusalTokens) => {
    const direction = { values: vector };
    const options = { direction, mode, run, layers: [1], refusalTokens, ...(mode === 'add' && { coefficients }) };
    const of = spec(options);
    const arrays = await sweep(model, of, [[0, 2], [1]]);
    const logOdds = (p: number[]): number => {
      const share = (tokens: readonly number[]) => tokens.reduce((sum, token) => sum + p[token]!, 0);
      const others = 'comply' in refusalTokens ? share(refusalTokens.comply) : 1 - share(refuse);
      return Math.log(share(refuse) / others);
    };
    const wanted: Record<string, number[]> = { metric: [], log_odds: [], kl: [], base: [], 'baseline.log_odds': [] };
    for (const coefficient of coefficients)
      for (const own of pairs) {
        const [plain, steered] = [{}, hooksOf[mode](coefficient)].map((hooks) => probabilities(own[run], hooks));
        const metric = (p: number[]): number => Math.log(p[58]! / p[3]!);
        wanted['metric']!.push(metric(steered!));
        wanted['log_odds']!.push(logOdds(steered!));
        wanted['kl']!.push(plain!.reduce((sum, p, i) => sum + p * Math.log(p / steered![i]!), 0));
        if (coefficient !== coefficients[0]) continue;
        wanted['base']!.push(metric(plain!));
        wanted['baseline.log_odds']!.push(logOdds(plain!));
      }
    wanted[`baseline.${run}`] = wanted['base']!;
    delete wanted['base'];
    expect(Object.keys(arrays).sort()).toEqual(Object.keys(wanted).sort());
    for (const [what, values] of Object.entries(wanted)) {
      const shape = what.startsWith('baseline.') ? [pairs.length] : [coefficients.length, pairs.length];
      const reference: NamedArray = { shape, values: Float32Array.from(values) };
      // Log probabilities are of the size of log(vocabulary): a divergence is their difference, and has their rounding.
      const rounding = what === 'kl' ? 1e-6 / Math.max(...values) : 0;
      expect(difference(arrays[what], reference).relative, what).toBeLessThan(1e-5 + rounding);
    }
    const { sweep: rows } = summariseSweep(of, arrays, { shardSpec: of, tokenizer: null });
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    for (const [c, row] of rows.entries()) {
      const at = (what: string) => wanted[what]!.slice(c * pairs.length, (c + 1) * pairs.length);
      const flipped = at('metric').filter((value, p) => Math.sign(value) !== Math.sign(wanted[`baseline.${run}`]![p]!));
      expect(row).toEqual({
        coefficient: coefficients[c],
        metric: expect.closeTo(mean(at('metric')), 4) as number,
        flips: flipped.length / pairs.length,
        kl: expect.closeTo(mean(at('kl')), 4) as number,
        logOdds: expect.closeTo(mean(at('log_odds')), 4) as number,
      });
    }
    expect(rows.some(({ flips }) => flips! > 0)).toBe(mode === 'add');
  });

  it('is the plain run at coefficient 0', async () => {
    const arrays = await sweep(model, spec({ direction: { values: vector }, layers: [0], coefficients: [0, 2] }), [
      [0, 1, 2],
    ]);
    const zero = { shape: [3], values: arrays['metric']!.values.slice(0, 3) };
    expect(difference(zero, arrays['baseline.clean']!).relative).toBeLessThan(1e-6);
    expect(Math.max(...arrays['kl']!.values.slice(0, 3).map(Math.abs))).toBeLessThan(1e-6);
    expect(Math.min(...arrays['kl']!.values.slice(3))).toBeGreaterThan(0);
  });

  it('leaves no tensor behind, done or cancelled', async () => {
    const of = spec({ direction: { values: vector }, layers: [0], refusalTokens: { refuse }, maxTokens: 2 });
    const shard = { index: 0, pairs: pairs.map((own, index) => ({ index, pair: own })), columns: 8, pairCount: 3 };
    await executeShard(model, of, shard, going);
    const before = tf.memory().numTensors;
    await executeShard(model, of, shard, going);
    expect(tf.memory().numTensors).toBe(before);
    for (const stopAt of [0, 1, 2, 3]) {
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (asked++ === stopAt) throw new Error('stopped');
      };
      await expect(executeShard(model, of, shard, { ...going, cancel: { throwIfCancelled } })).rejects.toThrow(
        'stopped',
      );
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

describe('flips', () => {
  const array = (shape: number[], values: number[]): NamedArray => ({ shape, values: Float32Array.from(values) });
  const arrays = {
    'baseline.clean': array([4], [1, 2, -1, 3]),
    metric: array([2, 4], [-1, 2, -1, 0, 5, 5, 5, 5]),
    kl: array([2, 4], [1, 2, 3, 4, 0, 0, 0, 2]),
  };
  const options = { direction: { values: [1] }, layers: [0], coefficients: [-1, 1] };

  it('are pairs whose metric changes its sign', () => {
    const of = spec(options);
    expect(summariseSweep(of, arrays, { shardSpec: of, tokenizer: null })).toEqual({
      sweep: [
        { coefficient: -1, metric: 0, flips: 0.5, kl: 2.5, logOdds: null },
        { coefficient: 1, metric: 5, flips: 0.25, kl: 0.5, logOdds: null },
      ],
    });
  });

  it.each(['kl-divergence', 'answer-logprob'])('are none of %s, which has one sign', (metric) => {
    const of = spec(options, metric);
    const { sweep: rows } = summariseSweep(of, arrays, { shardSpec: of, tokenizer: null });
    expect(rows.map(({ flips }) => flips)).toEqual([null, null]);
  });
});

describe('a refusal', () => {
  it.each([
    ["I'm sorry, but I can't help.", true, true],
    ['I’M SORRY', true, true],
    ['  I  cannot\n do that', true, true],
    ['Sure! As an AI, I know how.', true, false],
    ['I can help: first, the oven.', false, false],
    ['', false, false],
  ])('%j', (text, anywhere, start) => {
    expect(isRefusal(text, REFUSAL_WORDS, 'anywhere')).toBe(anywhere);
    expect(isRefusal(text, REFUSAL_WORDS, 'start')).toBe(start);
  });
});

describe('through the engine', () => {
  const golden = goldenCase('llama_mha', 'plain');
  const folder = mkdtempSync(join(tmpdir(), 'demur-steering-'));
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'wasm', workers: 2 });
  });
  afterAll(async () => {
    await pool.close();
    rmSync(folder, { recursive: true });
  });
  const direction = { values: [...golden.arrays['steer.vector']!.values] };
  const of = (options: object, metric: unknown = 'logit-difference') =>
    parseSpec({
      ...{ kind: 'steering', model: golden.model, pairs: golden.pairs, metric },
      options: { direction, layers: [1], ...options },
    });

  it('does not depend on the order of the pairs or their number', async () => {
    const options = { coefficients: [-1.5, 2], refusalTokens: { refuse: [5] } };
    const given = of(options);
    const { arrays, result } = await runExperiment(given, { pool });
    const swapped = [...golden.pairs, ...golden.pairs, golden.pairs[0]!].reverse();
    const other = await runExperiment({ ...given, pairs: swapped } as typeof given, { pool });
    for (const [name, { shape, values }] of Object.entries(arrays)) {
      const rows = values.length / 2;
      const picked = {
        shape,
        values: Float32Array.from(values, (_, i) => {
          const [row, p] = [Math.floor(i / 2), i % 2];
          return other.arrays[name]!.values[row * 5 + 4 - p]!;
        }),
      };
      expect(rows).toBe(name.startsWith('baseline.') ? 1 : 2);
      expect(difference(picked, arrays[name]!).relative, name).toBeLessThan(1e-6);
    }
    expect(result.refusalTokens).toEqual({ refuse: [{ id: 5, string: '<5>' }] });
    expect(result.sweep!.map(({ coefficient }) => coefficient)).toEqual([-1.5, 2]);
    expect(result).not.toHaveProperty('refusals');
  });

  it('takes its tokens of refusing from the metric, where it has some', async () => {
    const { arrays, result } = await runExperiment(of({}, { refusalLogOdds: { refuse: [5, 9], comply: [3] } }), {
      pool,
    });
    expect(result.refusalTokens).toMatchObject({ refuse: [{ id: 5 }, { id: 9 }], comply: [{ id: 3 }] });
    expect(arrays['log_odds']).toEqual(arrays['metric']);
  });

  it('has the words of a file in its specification', async () => {
    const refusalWords = { file: file('words.txt', '\uFEFFNo way\r\n\n  Never \nNo way\n') };
    const { spec: read } = await prepareExperiment(of({ refusalWords }));
    expect(read.options).toMatchObject({ refusalWords: ['No way', 'Never'], refusalMatch: 'anywhere' });
  });

  it.each([
    ['no list', { refusalWords: [] }, 'options.refusalWords', 'not a non-empty list of words'],
    ['an empty word', { refusalWords: ['I', ' '] }, 'options.refusalWords[1]', 'not words that a completion can have'],
    ['a word twice', { refusalWords: ['I', 'I'] }, 'options.refusalWords', 'without repeated words'],
    ['a place', { refusalMatch: 'end' }, 'options.refusalMatch', '"end" is not one of "anywhere", "start"'],
    ['no file', { refusalWords: { file: '/nowhere/words.txt' } }, 'options.refusalWords', 'cannot be read'],
    [
      'a file of nothing',
      { refusalWords: { file: file('none.txt', '\n \n') } },
      'options.refusalWords',
      'no words in it',
    ],
    ['no token', { refusalTokens: { refuse: [] } }, 'options.refusalTokens.refuse', 'non-empty list of tokens'],
    ['an id beyond', { refusalTokens: { refuse: [1e6] } }, 'options.refusalTokens.refuse[0]', 'outside the model'],
    [
      'a token of both',
      { refusalTokens: { refuse: [1], comply: [1] } },
      'options.refusalTokens.comply[0]',
      'give it once',
    ],
    ['text', { refusalTokens: { refuse: ['I'] } }, 'options.refusalTokens.refuse[0]', 'needs a tokenizer'],
  ])('refuses %s before it runs', async (_, options, path, message) => {
    await expect((async () => prepareExperiment(of(options)))()).rejects.toMatchObject({
      path,
      message: expect.stringContaining(message) as string,
    });
  });
});
