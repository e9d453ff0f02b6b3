/** Generation on tiny models of every family: against the reference's tokens, and against passes without a cache. */
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { openModelSource } from '@demur/model';
import { generate, Transformer } from '@demur/model/engine';
import type { Edit, GenerateOptions } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { editHooks } from '../../libs/model/src/edits.ts';
import { goldenCase, type Batch } from '../golden/golden-case.ts';
import { modelAt, randomValues, relativeDifference, tinyModel } from './tiny-model.ts';

const families = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];

/** The edits of the goldens' steering. */
function goldenEdits(name: string, batch: Batch): Record<string, Edit[]> {
  const { json, arrays } = goldenCase(name, batch);
  const vector = arrays['steer.vector']!;
  const { layer, alpha } = json.steer;
  const added = { ...vector, values: vector.values.map((x) => x * alpha) };
  const resid = `blocks.${layer}.hook_resid_pre`;
  const everywhere = ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out'].map((hook) => `blocks.*.${hook}`);
  return {
    plain: [],
    add_all_pos: [{ hook: resid, mode: 'add', value: added }],
    add_last_pos: [{ hook: resid, mode: 'add', value: added, positions: 'last' }],
    ablate_one_layer: [{ hook: resid, mode: 'project-out', value: vector }],
    ablate_everywhere: everywhere.map((hook) => ({ hook, mode: 'project-out', value: vector })),
  };
}

const promptsOf = (name: string, batch: Batch): number[][] =>
  goldenCase(name, batch).pairs.map(({ clean }) => (clean as { tokens: number[] }).tokens);

describe.each(families)('%s', (family) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(family, 'tensorflow');
    model.forward([[1]]).dispose();
  });
  afterAll(() => model.dispose());

  describe.each(['plain', 'leftpad'] as const)('%s', (batch) => {
    const { arrays, tokens, json } = goldenCase(family, batch);
    const edits = goldenEdits(family, batch);
    const prompts = promptsOf(family, batch);

    it.each(Object.keys(edits))('steers as the reference: %s', async (name) => {
      const live = tf.memory().numTensors;
      const logits: Float32Array[] = [];
      const made = await generate(model, prompts, {
        maxTokens: 8,
        edits: edits[name]!,
        onLogits: (row, step, values) => step === 0 && (logits[row] = values.slice()),
      });
      expect(tf.memory().numTensors).toBe(live);
      const reference = arrays[name === 'plain' ? 'clean.logits' : `steer.${name}.logits`]!;
      const [, columns, dVocab] = reference.shape as [number, number, number];
      for (const [row, values] of logits.entries()) {
        const end = (row + 1) * columns * dVocab;
        expect(relativeDifference(values, reference.values.subarray(end - dVocab, end))).toBeLessThan(1e-4);
      }
      const wanted = tokens[`generate.${name}`];
      if (wanted !== undefined) expect(made.map((row) => row.tokens)).toEqual(wanted);
      expect(made.every(({ finish, tokens: own }) => finish === 'length' && own.length === json.steer.new_tokens)).toBe(
        true,
      );
    });
  });

  it('draws the same tokens in any batch', async () => {
    const prompts = [...promptsOf(family, 'leftpad'), [3, 4, 5], [9, 8, 7]];
    const sampling = { temperature: 1.5, topK: 20, topP: 0.95, seed: 42 };
    const together = await generate(model, prompts, { maxTokens: 6, sampling });
    for (const [row, prompt] of prompts.entries())
      expect(await generate(model, [prompt], { maxTokens: 6, sampling, streams: [row] })).toEqual([together[row]]);
    const other = await generate(model, prompts, { maxTokens: 6, sampling: { ...sampling, seed: 43 } });
    expect(other).not.toEqual(together);
  });

  it('ends rows at stop tokens and at the end of the context, and the others go on', async () => {
    const prompts = promptsOf(family, 'plain');
    const free = await generate(model, prompts, { maxTokens: 100 });
    const { nCtx } = model.config;
    for (const [row, { tokens, finish }] of free.entries()) {
      expect(finish).toBe('context');
      expect(tokens.length).toBe(nCtx + 1 - prompts[row]!.length);
    }
    const stop = free[1]!.tokens[3]!;
    const stopped = await generate(model, prompts, { maxTokens: 20, stopTokens: [stop] });
    for (const [row, { tokens, finish }] of stopped.entries()) {
      const at = free[row]!.tokens.indexOf(stop);
      const length = at >= 0 && at < 20 ? at + 1 : 20;
      expect(finish).toBe(length === at + 1 ? 'stop' : 'length');
      expect(tokens).toEqual(free[row]!.tokens.slice(0, length));
    }
  });
});

/** Models of every family, and those whose keys depend on more than their column: sliding windows, scaled angles, norms of keys. */
const cached = [
  ...families.map((name) => `open/${name}/model`),
  ...['llama_dynamic', 'llama3_rope', 'mistral_window', 'qwen3'].map((name) => `families/${name}/model`),
];

it.each(cached)('reads the same logits from its cache as a pass over the whole sequence: %s', async (folder) => {
  const model = await modelAt(new URL(`../golden/${folder}`, import.meta.url), 'tensorflow');
  const { dModel, dVocab } = model.config;
  const prompts = [4, 7, 4, 2].map((length, row) => Array.from({ length }, (_, i) => 3 + ((7 * i + 11 * row) % 50)));
  const vector = { shape: [dModel], values: randomValues(dModel, 2) };
  const edits: Edit[] = [
    { hook: 'blocks.1.hook_resid_pre', mode: 'add', value: vector, rows: [0, 3] },
    { hook: 'blocks.*.hook_attn_out', mode: 'project-out', value: vector, positions: 'last', rows: [1] },
    {
      ...{ hook: 'blocks.0.attn.hook_z', mode: 'add', heads: [1], positions: [2, 9, 11] },
      value: { shape: [], values: Float32Array.of(0.1) },
    },
    { hook: 'hook_embed', mode: 'add', value: { shape: [4, 1, dModel], values: randomValues(4 * dModel, 3) } },
  ];
  const seen = prompts.map((): Float32Array[] => []);
  const onLogits: GenerateOptions['onLogits'] = (row, _, logits) => seen[row]!.push(logits.slice());
  const made = await generate(model, prompts, { maxTokens: 8, edits, onLogits });
  for (const [row, prompt] of prompts.entries()) {
    for (const [step, logits] of seen[row]!.entries()) {
      const sequence = [...prompt, ...made[row]!.tokens.slice(0, step)];
      const pass = { ...model.config, lastFrom: prompt.length - 1, rows: [row], batch: prompts.length };
      const whole = model.forward([sequence], { hooks: editHooks(edits, pass), logitsAt: 'last' });
      expect(whole.logits!.shape).toEqual([1, dVocab]);
      expect(relativeDifference(logits, whole.logits!.dataSync()), `row ${row}, step ${step}`).toBeLessThan(1e-5);
      whole.dispose();
    }
    expect(seen[row]!.length).toBe(8);
  }
  model.dispose();
});

describe('a run that ends early', () => {
  let model: Transformer;
  let live: number;
  beforeAll(async () => {
    model = await tinyModel('llama_mha', 'wasm');
    model.forward([[1]]).dispose();
    live = tf.memory().numTensors;
  });
  afterAll(() => model.dispose());

  it('stops between two steps when it is cancelled, and keeps no tensor', async () => {
    const abort = new AbortController();
    let tokens = 0;
    const made = generate(
      model,
      [
        [1, 2],
        [1, 2, 3],
      ],
      {
        maxTokens: 50,
        onToken: () => ++tokens === 5 && abort.abort(new Error('enough')),
        cancel: { throwIfCancelled: () => abort.signal.throwIfAborted() },
      },
    );
    await expect(made).rejects.toThrow('enough');
    expect(tokens).toBe(5);
    expect(tf.memory().numTensors).toBe(live);
  });

  it('keeps no tensor when an edit does not fit, or logits are no numbers', async () => {
    const edit = (values: number[]): Edit => ({
      hook: 'blocks.1.hook_resid_pre',
      mode: 'add',
      value: { shape: [values.length], values: Float32Array.from(values) },
    });
    await expect(generate(model, [[1, 2]], { maxTokens: 3, edits: [edit([1, 2, 3])] })).rejects.toThrow(
      /value of shape \[3\]/,
    );
    const huge = edit(Array.from({ length: 32 }, () => 3e38));
    const overflow = generate(model, [[4], [1, 2]], { maxTokens: 3, edits: [huge, huge] });
    await expect(overflow).rejects.toThrow('the logits of row 0 at step 0 are not finite');
    expect(tf.memory().numTensors).toBe(live);
  });

  it.each<[number[], RegExp]>([
    [[], /prompt 1 has no tokens/],
    [[64], /prompt 1 has the token 64; give ids from 0 to 63/],
    [Array.from({ length: 65 }, () => 1), /prompt 1 has 65 tokens, and the context 64/],
  ])('refuses the prompt %j', async (prompt, message) => {
    await expect(generate(model, [[1], prompt], { maxTokens: 2 })).rejects.toThrow(message);
  });

  it.each([-1, 1.5, NaN, Infinity])('refuses to make %s tokens', async (maxTokens) => {
    await expect(generate(model, [[1]], { maxTokens })).rejects.toThrow(/^maxTokens .* is out of range/);
  });

  it('runs prompts alone, for their logits', async () => {
    const steps: number[] = [];
    const made = await generate(model, [[1, 2], [3]], { maxTokens: 0, onLogits: (_, step) => steps.push(step) });
    expect(made).toEqual([
      { tokens: [], finish: 'length' },
      { tokens: [], finish: 'length' },
    ]);
    expect(steps).toEqual([0, 0]);
  });
});

it('gives out text in whole characters while it writes', async () => {
  const path = fileURLToPath(new URL('../golden/sources/byte-pair.gguf', import.meta.url));
  const source = await openModelSource(path);
  const tokenizer = await source.loadTokenizer();
  const model = new Transformer(source.config, await source.loadWeights());
  const text: Record<number, string> = { 0: '', 1: '' };
  const sampling = { temperature: 1, seed: 1 };
  const prompts = [tokenizer.encode('Hello'), tokenizer.encode('naïve')];
  const made = await generate(model, prompts, {
    maxTokens: 12,
    sampling,
    tokenizer,
    onToken: (made) => (text[made.row] += made.text!),
  });
  expect(Object.values(text)).toEqual(made.map(({ tokens }) => tokenizer.decode(tokens)));
  model.dispose();
});
