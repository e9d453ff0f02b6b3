/** The engine against itself by identities that must hold, and its gradients against finite differences. */
import * as tf from '@tensorflow/tfjs';
import {
  blockHook,
  BLOCK_HOOKS,
  expandHookPattern,
  GRADIENT_HOOKS,
  MODEL_HOOKS,
  type BackendName,
  type BlockHook,
  type HookName,
  type ModelConfig,
} from '@demur/model';
import { openBackend, type Hooks, type Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logitDifference } from '../../libs/interp/src/metrics/logit-difference.ts';
import { gradientsAt } from '../../libs/model/src/gradients.ts';
import { frequencies, rotate, rotationsFrom, rotationsOf } from '../../libs/model/src/components/rotary.ts';
import { randomModel } from './random-model.ts';
import { randomValues, relativeDifference, tinyModel } from './tiny-model.ts';

const tokens = [
  [5, 9, 3, 33, 17, 40, 2, 21],
  [7, 7, 12, 50, 1, 28, 33, 6],
];
const [answer, distractor] = [11, 30];

/** A model a line: Llama, and what other families have beside it. */
const features: Record<string, Partial<ModelConfig> | null> = {
  llama: null,
  'post-norms, soft caps, sliding windows, scaled embeddings': {
    postNorms: true,
    attention: { scale: 0.3, softcap: 2, windows: [3, null, 3], qkNorm: false },
    mlp: { gated: true, activation: 'gelu-tanh' },
    embedScale: 24 ** 0.5,
    logitSoftcap: 4,
  },
  'layer norm, learned positions, plain MLP, biases': {
    norm: { kind: 'layer', eps: 1e-5 },
    nKvHeads: 4,
    positions: { kind: 'learned' },
    mlp: { gated: false, activation: 'gelu-tanh' },
    biases: { qkv: true, o: true, mlp: true },
  },
  'norms of queries and keys, gelu, dynamic rotary scaling': {
    attention: { scale: 0.4, softcap: null, windows: [null, 4, null], qkNorm: true },
    mlp: { gated: true, activation: 'gelu' },
    positions: { kind: 'rotary', theta: 1000, scaling: { kind: 'dynamic', factor: 2, originalContext: 4 } },
    biases: { qkv: true, o: false, mlp: true },
  },
  'layer norm before and after, relu, an unembedding of its own': {
    norm: { kind: 'layer', eps: 1e-5 },
    postNorms: true,
    mlp: { gated: false, activation: 'relu' },
    tiedEmbeddings: false,
  },
};

const models = (['tensorflow', 'wasm'] as const).flatMap((backend) =>
  Object.keys(features).map((name): [BackendName, string] => [backend, name]),
);

/** Whether a model has a hook of its post-norms. */
function has(hook: string, { postNorms }: Pick<ModelConfig, 'postNorms'>): boolean {
  return postNorms || !/^ln._post/.test(hook);
}

/** Hooks of the second layer, or of the whole model, at which a model has a gradient. */
function gradientNames(shape: Pick<ModelConfig, 'postNorms'>): HookName[] {
  const own = GRADIENT_HOOKS.filter((hook) => has(hook, shape));
  return own.map((hook) => MODEL_HOOKS.find((known) => known === hook) ?? blockHook(1, hook as BlockHook));
}

describe.each(models)('%s, %s', (backend, name) => {
  let model: Transformer;
  const own = features[name] ?? null;
  beforeAll(async () => {
    model = await (own === null ? tinyModel('llama_gqa_tied', backend) : randomModel(own, backend));
    model.forward(tokens).dispose();
  });
  afterAll(() => model.dispose());

  /** The metric of both rows. */
  const difference = () =>
    logitDifference(
      model,
      tokens.map(() => ({ pair: { answer, distractor } })),
    );

  function lastLogits(options: Parameters<Transformer['forward']>[1] = {}, of = tokens): Float32Array {
    const run = model.forward(of, options);
    const values = run.logits!.dataSync<'float32'>().slice();
    run.dispose();
    return values;
  }

  /** Mean over the batch of logit(answer) − logit(distractor). */
  function metric(hooks: Hooks): number {
    const { dVocab } = model.config;
    const logits = lastLogits({ hooks });
    return tokens.reduce((sum, _, b) => sum + logits[b * dVocab + answer]! - logits[b * dVocab + distractor]!, 0) / 2;
  }

  it.each(gradientNames({ postNorms: own?.postNorms ?? false }))(
    'gives the gradient at %s that finite differences give',
    (name) => {
      const gradient = difference().finalGradient(1 / tokens.length);
      const found = model.gradients(tokens, gradient, [name]).get(name)!;
      const values = found.dataSync<'float32'>().slice();
      const { shape } = found;
      found.dispose();
      const norm = Math.hypot(...values);
      // A step that moves the metric by some 0.02: far above float32's rounding of the logits, far below its curvature.
      const step = 0.02 / norm;
      const slope = (direction: Float32Array): number => {
        const moved = (by: number): number =>
          metric({ [name]: (x: tf.Tensor) => x.add(tf.tensor(direction, shape).mul(by)) });
        return (moved(step) - moved(-step)) / (2 * step);
      };
      expect(norm).toBeGreaterThan(0);
      expect(slope(values.map((value) => value / norm)) / norm).toBeCloseTo(1, 2);
      for (const seed of [7, 8, 9]) {
        const random = randomValues(values.length, seed);
        const unit = random.map((value) => value / Math.hypot(...random));
        const along = values.reduce((sum, value, i) => sum + value * unit[i]!, 0);
        expect(Math.abs(slope(unit) - along) / norm).toBeLessThan(3e-3);
      }
    },
  );

  it('gives the same gradient whether those below are asked for or not', () => {
    const gradient = difference().finalGradient(1);
    const [above, below] = [blockHook(2, 'hook_resid_pre'), blockHook(0, 'attn.hook_z')];
    const [alone, both] = [[above], [above, below]].map((at) => model.gradients(tokens, gradient, at));
    expect([...alone!.keys()]).toEqual([above]);
    expect(relativeDifference(alone!.get(above)!.dataSync(), both!.get(above)!.dataSync())).toBeLessThan(1e-6);
    tf.dispose([...alone!.values(), ...both!.values()]);
  });

  it('gives the same gradients whether blocks keep their tapes or run again', () => {
    const metric = (): tf.Tensor2D => model.unembeddingRows([answer, distractor]);
    const at = [blockHook(0, 'hook_resid_pre'), blockHook(1, 'attn.hook_q')];
    const [kept, again] = [1e9, 0].map((tapeBudgetBytes) =>
      gradientsAt(model, tokens, { metric, at, tapeBudgetBytes }),
    );
    for (const name of at) {
      expect(relativeDifference(again!.get(name)!.dataSync(), kept!.get(name)!.dataSync())).toBeLessThan(1e-6);
    }
    tf.dispose([...kept!.values(), ...again!.values()]);
  });

  it('continues from a cached prefix as if it had seen it', () => {
    for (const cut of [1, 4, 7]) {
      const prefix = model.prefix(
        tokens.map((row) => row.slice(0, cut)),
        8,
      );
      const cached = lastLogits(
        { prefix },
        tokens.map((row) => row.slice(cut)),
      );
      tf.dispose(prefix.layers);
      expect(relativeDifference(cached, lastLogits())).toBeLessThan(1e-5);
    }
  });

  it('shares one prefix row over a batch', () => {
    const rows = [tokens[0]!, [...tokens[0]!.slice(0, 5), 8, 9, 10]];
    const prefix = model.prefix([tokens[0]!.slice(0, 5)], 8);
    const cached = lastLogits(
      { prefix },
      rows.map((row) => row.slice(5)),
    );
    tf.dispose(prefix.layers);
    expect(relativeDifference(cached, lastLogits({}, rows))).toBeLessThan(1e-5);
  });

  it('starts at a layer from its residual stream', () => {
    const run = model.forward(tokens, { capture: ['blocks.2.hook_resid_pre'] });
    const resid = run.activations.get('blocks.2.hook_resid_pre') as tf.Tensor3D;
    expect(relativeDifference(lastLogits({ startLayer: 2, resid }), lastLogits())).toBeLessThan(1e-6);
    run.dispose();
  });

  it('adds its components up to the residual stream', () => {
    const parts: HookName[] = ['blocks.0.hook_resid_pre'];
    for (let l = 0; l < model.config.nLayers; l++)
      parts.push(blockHook(l, 'hook_attn_out'), blockHook(l, 'hook_mlp_out'));
    const end = blockHook(model.config.nLayers - 1, 'hook_resid_post');
    const run = model.forward(tokens, { capture: [...parts, end] });
    const sum = tf.addN(parts.map((name) => run.activations.get(name)!));
    expect(relativeDifference(sum.dataSync(), run.activations.get(end)!.dataSync())).toBeLessThan(1e-6);
    sum.dispose();
    run.dispose();
  });

  it('writes at a hook what a hook returns, in the shape it shows', () => {
    const heads = blockHook(1, 'attn.hook_result');
    const seen: number[][] = [];
    const zeroed = lastLogits({ hooks: { [heads]: (x) => (seen.push(x.shape), x.mul(0)) } });
    const withoutHeads = lastLogits({ hooks: { [blockHook(1, 'attn.hook_z')]: (x) => x.mul(0) } });
    expect(seen).toEqual([[2, 8, model.config.nHeads, model.config.dModel]]);
    expect(relativeDifference(zeroed, withoutHeads)).toBeLessThan(1e-6);
    expect(relativeDifference(zeroed, lastLogits())).toBeGreaterThan(1e-3);
  });

  it('gives what is looked at without the layers after it', () => {
    const early = blockHook(0, 'hook_mlp_out');
    const seen = (logitsAt: 'last' | 'none'): Float32Array => {
      const run = model.forward(tokens, { capture: [early], logitsAt });
      expect(run.logits === null).toBe(logitsAt === 'none');
      const values = run.activations.get(early)!.dataSync<'float32'>().slice();
      run.dispose();
      return values;
    };
    expect(seen('none')).toEqual(seen('last'));
  });

  it('carries each head through the post-norm by its scale', () => {
    const [post, out] = [blockHook(1, 'attn.hook_result_post'), blockHook(1, 'hook_attn_out')];
    const run = model.forward(tokens, { capture: [post, out] });
    const heads = run.activations.get(post)!.sum(2);
    const left = lastLogits({ hooks: { [out]: (x) => x.sub(heads) } });
    expect(relativeDifference(lastLogits({ hooks: { [post]: (x) => x.mul(0) } }), left)).toBeLessThan(1e-5);
    expect(relativeDifference(left, lastLogits())).toBeGreaterThan(1e-3);
    heads.dispose();
    run.dispose();
  });

  it('takes a scale that a hook writes', () => {
    const [scale, normalized] = [blockHook(1, 'ln2.hook_scale'), blockHook(1, 'ln2.hook_normalized')];
    const seen = (by: number): Float32Array => {
      const run = model.forward(tokens, { hooks: { [scale]: (x) => x.div(by) }, capture: [normalized] });
      const values = run.activations.get(normalized)!.dataSync<'float32'>().slice();
      run.dispose();
      return values;
    };
    const [once, twice, thrice] = [seen(1), seen(2), seen(3)];
    const extrapolated = once.map((value, i) => 2 * twice[i]! - value);
    expect(relativeDifference(thrice, extrapolated)).toBeLessThan(1e-6);
    expect(relativeDifference(thrice, once)).toBeGreaterThan(0.5);
  });

  it('shows every hook, whichever way the pass goes without it', () => {
    const { nLayers } = model.config;
    const blockHooks = BLOCK_HOOKS.filter((hook) => has(hook, model.config));
    const capture: HookName[] = [...MODEL_HOOKS, ...blockHooks.map((hook) => blockHook(nLayers - 1, hook))];
    const run = model.forward(tokens, { capture, logitsAt: 'all' });
    expect([...run.activations.keys()].toSorted()).toEqual(capture.toSorted());
    const last = run.logits!.slice([0, 7, 0], [2, 1, -1]);
    expect(relativeDifference(lastLogits(), last.dataSync())).toBeLessThan(1e-5);
    expect(
      relativeDifference(lastLogits({ capture: [blockHook(nLayers - 1, 'hook_mlp_out')] }), last.dataSync()),
    ).toBeLessThan(1e-5);
    last.dispose();
    run.dispose();
  });

  it('gives a pattern that sees what is before, within the window, and sums to one', () => {
    const name = blockHook(0, 'attn.hook_pattern');
    const window = model.config.attention.windows[0] ?? Infinity;
    const run = model.forward(tokens, { capture: [name] });
    const pattern = run.activations.get(name)!.arraySync() as number[][][][];
    run.dispose();
    for (const row of pattern.flat(2).keys()) {
      const query = row % 8;
      const weights = pattern.flat(2)[row]!;
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(weights.map((weight) => weight > 0)).toEqual(
        weights.map((_, key) => key <= query && query - key < window),
      );
    }
  });

  it('leaves no tensor behind, not even when a hook throws', () => {
    const before = tf.memory().numTensors;
    model.forward(tokens, { capture: ['blocks.0.hook_resid_pre'], logitsAt: 'all' }).dispose();
    tf.dispose(model.prefix(tokens).layers);
    const gradient = (): tf.Tensor2D => model.unembeddingRows([1, 2]);
    tf.dispose([...model.gradients(tokens, gradient, ['blocks.0.attn.hook_z']).values()]);
    const broken = (): never => {
      throw new Error('a hook that fails');
    };
    const failing: Hooks = { 'blocks.1.hook_mlp_out': broken };
    expect(() => model.forward(tokens, { capture: ['hook_embed'], hooks: failing })).toThrow('a hook that fails');
    expect(tf.memory().numTensors).toBe(before);
  });
});

it.each(['tensorflow', 'wasm'] as const)(
  '%s turns many columns, whose matrices would take too much, as it turns few',
  async (backend) => {
    await openBackend(backend);
    tf.tidy(() => {
      const own = frequencies({ kind: 'rotary', theta: 10_000, scaling: null }, 64, 2100);
      const [many, few] = [rotationsFrom(rotationsOf(own, 0, 2100), 2090), rotationsOf(own, 2090, 10)];
      expect([Object.keys(many), Object.keys(few)]).toEqual([['cos', 'sin'], ['matrices']]);
      const x = tf.tensor3d(randomValues(10 * 6 * 64, 1), [10, 6, 64]);
      for (const back of [false, true]) {
        const [byAngle, byMatrix] = [many, few].map((rotations) => rotate(x, rotations, back).dataSync());
        expect(relativeDifference(byAngle!, byMatrix!)).toBeLessThan(1e-6);
      }
    });
  },
);

describe('refusals', () => {
  it('names the hooks of post-norms where there are none', () => {
    const [pattern, shape] = ['blocks.*.ln1_post.hook_scale', { nLayers: 2, postNorms: false }];
    expect(() => expandHookPattern(pattern, shape)).toThrow(/ln1_post.* no norms after its attention and MLP/);
    expect(expandHookPattern(pattern, { ...shape, postNorms: true })).toHaveLength(2);
  });

  it.each<[string, RegExp]>([
    ['blocks.3.hook_resid_pre', /"blocks.3.hook_resid_pre" is not a hook: the model has layers 0 to 2/],
    ['blocks.0.ln1_post.hook_scale', /ln1_post.* no norms after its attention and MLP/],
    ['blocks.0.hook_nothing', /choose one of hook_embed/],
    ['blocks.*.hook_resid_pre', /write one layer as a number/],
  ])('refuses to show, to edit or to differentiate at %s', async (unknown, message) => {
    const model = await randomModel({}, 'wasm');
    const name = unknown as HookName;
    expect(() => model.forward(tokens, { capture: [name] })).toThrow(message);
    expect(() => model.forward(tokens, { hooks: { [name]: () => undefined } })).toThrow(message);
    expect(() => model.gradients(tokens, (x) => x, [name])).toThrow(message);
    model.dispose();
  });

  it('refuses a gradient at a scale, which is not gone back through', async () => {
    const model = await randomModel({}, 'wasm');
    expect(() => model.gradients(tokens, (x) => x, [blockHook(0, 'ln1.hook_scale')])).toThrow(/there is no gradient/);
    model.dispose();
  });

  it('refuses more tokens than there are learned positions', async () => {
    const model = await randomModel({ positions: { kind: 'learned' } }, 'wasm');
    const before = tf.memory().numTensors;
    expect(() => model.forward([Array<number>(33).fill(1)])).toThrow(
      'a sequence of 33 tokens, and the model has 32 positions',
    );
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});
