/** A tiny model of every family in every format against PyTorch; see test/golden/families/make_families.py. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { blockHook, openModelSource, type BlockHook, type HookName, type ModelSource } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';
import type { NamedArray } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logitDifference } from '../../libs/interp/src/metrics/logit-difference.ts';
import { difference, layerOf, readArrays } from '../golden/golden-case.ts';

interface CaseJson {
  tokens: number[][];
  answer: number[];
  distractor: number[];
}

const folder = new URL('../golden/families/', import.meta.url);
const cases = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? entry.name : []));

const hooks: [array: string, hook: BlockHook][] = [
  ['resid_pre', 'hook_resid_pre'],
  ['pattern', 'attn.hook_pattern'],
  ['z', 'attn.hook_z'],
  ['attn_out', 'hook_attn_out'],
  ['mlp_out', 'hook_mlp_out'],
];

/** float32 throughout, here and there: what is left are a few roundings. */
const TOLERANCE = 1e-5;

/** The model of a case: a Hugging Face directory or a GGUF file. */
function sourceOf(name: string): Promise<ModelSource> {
  return openModelSource(fileURLToPath(new URL(`${name}/${name.startsWith('gguf') ? 'model.gguf' : 'model'}`, folder)));
}

it('has every family, and every architecture of GGUF, among the cases', async () => {
  const sources = await Promise.all(cases.map(sourceOf));
  const families = (format: string): string[] =>
    [...new Set(sources.filter((source) => source.format === format).map(({ config }) => config.family))].sort();
  expect(families('huggingface')).toEqual(['gemma2', 'gpt2', 'llama', 'mistral', 'qwen2', 'qwen3']);
  expect(families('gguf')).toEqual(['gemma2', 'gpt2', 'llama', 'qwen2', 'qwen3']);
});

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  describe.each(cases)('%s', (name) => {
    const file = (path: string): URL => new URL(`${name}/${path}`, folder);
    const { tokens, answer, distractor } = JSON.parse(readFileSync(file('case.json'), 'utf8')) as CaseJson;
    const reference = readArrays(file('reference.safetensors'));
    let source: ModelSource;
    let model: Transformer;

    beforeAll(async () => {
      await openBackend(backend);
      source = await sourceOf(name);
      model = new Transformer(source.config, await source.loadWeights());
    });
    afterAll(() => model.dispose());

    function at(hook: BlockHook): HookName[] {
      return Array.from({ length: model.config.nLayers }, (_, layer) => blockHook(layer, hook));
    }

    function compare(
      got: ReadonlyMap<HookName, tf.Tensor>,
      hook: BlockHook,
      wanted: NamedArray,
      tolerance: number,
    ): void {
      for (const [layer, hookName] of at(hook).entries()) {
        const tensor = got.get(hookName)!;
        const found = { shape: tensor.shape, values: tensor.dataSync<'float32'>() };
        expect(difference(found, layerOf(wanted, layer)).relative, hookName).toBeLessThan(tolerance);
      }
    }

    it('computes what PyTorch computes', () => {
      const run = model.forward(tokens, { capture: hooks.flatMap(([, hook]) => at(hook)), logitsAt: 'all' });
      const logits = { shape: run.logits!.shape, values: run.logits!.dataSync<'float32'>() };
      expect(difference(logits, reference['logits']!).relative).toBeLessThan(TOLERANCE);
      for (const [array, hook] of hooks) compare(run.activations, hook, reference[array]!, TOLERANCE);
      run.dispose();
    });

    // Which thread reads the weights is not the backend's business: one of them will do.
    if (backend === 'tensorflow')
      it('computes the same from weights that stream from disk', () => {
        const numbers = { budgetBytes: 1e9, activationBytes: 1e9, weightBytes: 1e9 };
        const recipe = source.streamWeights({ mode: 'streamed', slots: 1, keepsUnembedding: false, ...numbers });
        const streamed = new Transformer(source.config, structuredClone(recipe));
        const [wanted, got] = [model, streamed].map((either) => {
          const run = either.forward(tokens, { logitsAt: 'all' });
          const values = run.logits!.dataSync<'float32'>().slice();
          run.dispose();
          return values;
        });
        streamed.dispose();
        expect(got).toEqual(wanted);
      });

    it('has the gradients that PyTorch has', () => {
      const pairs = answer.map((token, row) => ({ pair: { answer: token, distractor: distractor[row]! } }));
      const metric = logitDifference(model, pairs).finalGradient(1 / pairs.length);
      const gradients = model.gradients(tokens, metric, [...at('hook_resid_pre'), ...at('attn.hook_z')]);
      compare(gradients, 'hook_resid_pre', reference['grad.resid_pre']!, 2 * TOLERANCE);
      compare(gradients, 'attn.hook_z', reference['grad.z']!, 2 * TOLERANCE);
      tf.dispose([...gradients.values()]);
    });
  });
});
