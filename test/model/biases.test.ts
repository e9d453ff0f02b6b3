/** A Llama with biases everywhere, and a head size that is not the width over the heads, against PyTorch. */
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import type { HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelAt, relativeDifference } from './tiny-model.ts';

interface Reference {
  tokens: number[][];
  answer: number;
  distractor: number;
  logitsLast: number[];
  activations: Record<HookName, number[]>;
  gradients: Record<HookName, number[]>;
}

const folder = new URL('../golden/llama_bias/', import.meta.url);
const reference = JSON.parse(readFileSync(new URL('reference.json', folder), 'utf8')) as Reference;
const names = Object.keys(reference.activations) as HookName[];

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await modelAt(new URL('model', folder), backend);
  });
  afterAll(() => model.dispose());

  it('adds the biases', () => {
    const run = model.forward(reference.tokens, { capture: names });
    expect(relativeDifference(run.logits!.dataSync(), reference.logitsLast)).toBeLessThan(1e-5);
    for (const name of names) {
      const got = run.activations.get(name)!.dataSync();
      expect(relativeDifference(got, reference.activations[name]!), name).toBeLessThan(1e-5);
    }
    run.dispose();
  });

  it('passes gradients by them', () => {
    const rows = (token: number): tf.Tensor2D => model.unembeddingRows(reference.tokens.map(() => token));
    const metric = (): tf.Tensor2D => tf.sub<tf.Tensor2D>(rows(reference.answer), rows(reference.distractor)).div(2);
    const gradients = model.gradients(reference.tokens, metric, names);
    for (const name of names) {
      const got = gradients.get(name)!.dataSync();
      expect(relativeDifference(got, reference.gradients[name]!), name).toBeLessThan(2e-5);
    }
    tf.dispose([...gradients.values()]);
  });
});
