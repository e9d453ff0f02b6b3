/** The engine against itself by identities that must hold, and its gradients against finite differences. */
import * as tf from '@tensorflow/tfjs';
import { blockHook, GRADIENT_HOOKS, type BlockHook, type HookName } from '@demur/model';
import type { Hooks, Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gradientsAt } from '../../libs/model/src/gradients.ts';
import { randomValues, relativeDifference, tinyModel } from './tiny-model.ts';

const tokens = [
  [5, 9, 3, 33, 17, 40, 2, 21],
  [7, 7, 12, 50, 1, 28, 33, 6],
];
const [answer, distractor] = [11, 30];

/** Hooks of the second layer, or of the whole model, at which there is a gradient. */
const gradientNames = GRADIENT_HOOKS.map((hook): HookName =>
  hook === 'hook_embed' || hook === 'ln_final.hook_normalized' ? hook : blockHook(1, hook as BlockHook),
);

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel('llama_gqa_tied', backend);
    model.forward(tokens).dispose();
  });
  afterAll(() => model.dispose());

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

  it.each(gradientNames)('gives the gradient at %s that finite differences give', (name) => {
    const gradient = (final: tf.Tensor2D): tf.Tensor2D =>
      tf
        .sub<tf.Tensor2D>(model.unembeddingRows([answer, answer]), model.unembeddingRows([distractor, distractor]))
        .div(final.shape[0]);
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
      const prefix = model.prefix(tokens.map((row) => row.slice(0, cut)));
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
    const prefix = model.prefix([tokens[0]!.slice(0, 5)]);
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
    const parts: HookName[] = ['hook_embed'];
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
    const withoutAttention = lastLogits({ hooks: { [blockHook(1, 'hook_attn_out')]: (x) => x.mul(0) } });
    expect(seen).toEqual([[2, 8, model.config.nHeads, model.config.dModel]]);
    expect(relativeDifference(zeroed, withoutAttention)).toBeLessThan(1e-6);
    expect(relativeDifference(zeroed, lastLogits())).toBeGreaterThan(1e-3);
  });

  it('gives a pattern that is causal and sums to one', () => {
    const name = blockHook(0, 'attn.hook_pattern');
    const run = model.forward(tokens, { capture: [name] });
    const pattern = run.activations.get(name)!.arraySync() as number[][][][];
    run.dispose();
    for (const row of pattern.flat(2).keys()) {
      const query = row % 8;
      const weights = pattern.flat(2)[row]!;
      expect(weights.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(weights.slice(query + 1).every((weight) => weight === 0)).toBe(true);
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
