/**
 * One contract for every backend: whole tiny models through the engine's process, against reference arrays made with PyTorch.
 * What is computed and why is run.test.ts's to test; here it is that each backend computes it.
 */
import {
  CancelledError,
  openEnginePool,
  parseSpec,
  runExperiment,
  type EnginePool,
  type ExperimentResult,
} from '@demur/interp';
import { backendNames, type BackendName } from '@demur/model';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { difference, goldenCase, layerOf, readArrays, type GoldenCase } from '../golden/golden-case.ts';
import { webgpuMissing } from '../support/webgpu.ts';

const webgpuReason = await webgpuMissing();
if (webgpuReason !== undefined) console.warn(`WebGPU is not tested. ${webgpuReason}`);
const here = (backend: BackendName): boolean => backend !== 'webgpu' || webgpuReason === undefined;

interface Qwen3Case {
  tokens: number[][];
  answer: number[];
  distractor: number[];
}

const sitesOfHooks = { resid_pre: 'hook_resid_pre', mlp_out: 'hook_mlp_out', z: 'attn.hook_z' } as const;

for (const backend of backendNames) {
  describe.runIf(here(backend))(backend, () => {
    let pool: EnginePool;
    beforeAll(async () => {
      pool = await openEnginePool({ backend, workers: 2 });
    });
    afterAll(() => pool.close());

    const run = (golden: GoldenCase, kind: string, options: object): Promise<ExperimentResult> =>
      runExperiment(parseSpec({ kind, model: golden.model, pairs: golden.pairs, options }), { pool });

    it('has the workers that it can use', () => {
      expect(pool.backend).toBe(backend);
      expect(pool.workers).toBe(backend === 'webgpu' ? 1 : 2);
    });

    it('goes on after a run that was cancelled on its way', async () => {
      const { model, pairs } = goldenCase('llama_gqa_tied', 'plain');
      const spec = parseSpec({ kind: 'attribution', model, pairs, options: {} });
      const stop = new AbortController();
      const onProgress = (): void => stop.abort();
      await expect(runExperiment(spec, { pool, signal: stop.signal, onProgress })).rejects.toThrow(CancelledError);
      const { arrays } = await runExperiment(spec, { pool });
      expect(arrays['scores']!.values.some((score) => score !== 0)).toBe(true);
    });

    it('goes back through the norms of queries and keys', async () => {
      const folder = new URL('../golden/families/qwen3/', import.meta.url);
      const json = JSON.parse(readFileSync(new URL('case.json', folder), 'utf8')) as Qwen3Case;
      const pairs = json.tokens.map((tokens, row) => ({
        clean: { tokens },
        corrupted: { tokens: json.tokens.at(row - 1)! },
        answer: json.answer[row]!,
        distractor: json.distractor[row]!,
      }));
      const options = { names: ['blocks.0.hook_resid_pre'], gradients: true };
      const model = fileURLToPath(new URL('model', folder));
      const { arrays } = await runExperiment(parseSpec({ kind: 'activations', model, pairs, options }), { pool });
      const wanted = layerOf(readArrays(new URL('reference.safetensors', folder))['grad.resid_pre']!, 0);
      expect(difference(arrays['clean.grad.blocks.0.hook_resid_pre'], wanted).relative).toBeLessThan(2e-5);
    });

    describe.each(['llama_gqa_tied', 'gpt2', 'gemma2', 'qwen2'])('%s', (name) => {
      const golden = goldenCase(name, 'leftpad');
      const { json, lengths, arrays: reference } = golden;
      const pads = lengths.reduce((sum, length) => sum + json.T - length, 0);
      const missing = (shape: number[]): number => pads * shape.slice(2).reduce((a, b) => a * b, 1);

      it('shows activations, logits and gradients', async () => {
        const names = Object.values(sitesOfHooks).map((hook) => `blocks.*.${hook}`);
        const { arrays } = await run(golden, 'activations', { names, logits: 'all', gradients: true });
        const logits = reference['clean.logits']!;
        expect(difference(arrays['clean.logits'], logits, { missing: missing(logits.shape) }).relative).toBeLessThan(
          1e-4,
        );
        for (const [site, hook] of Object.entries(sitesOfHooks))
          for (let layer = 0; layer < json.n_layers; layer++) {
            const compare = (prefix: string) => {
              const wanted = layerOf(reference[`clean.${prefix}${site}`]!, layer);
              const got = arrays[`clean.${prefix}blocks.${layer}.${hook}`];
              return difference(got, wanted, { missing: missing(wanted.shape) }).relative;
            };
            expect(compare(''), `${site} ${layer}`).toBeLessThan(1e-4);
            expect(compare('grad.'), `gradient at ${site} ${layer}`).toBeLessThan(2e-4);
          }
      });

      it('patches', async () => {
        const { arrays } = await run(golden, 'activation-patching', { activations: ['resid_pre'] });
        const expected = { missing: pads * json.n_layers };
        expect(difference(arrays['resid_pre'], reference['patch.resid_pre']!, expected).relative).toBeLessThan(1e-4);
      });

      it('generates, steered, what the reference writes', async () => {
        const vector = { values: [...reference['steer.vector']!.values] };
        const added = { direction: vector, coefficient: json.steer.alpha, layers: [json.steer.layer] };
        const options = { maxTokens: json.steer.new_tokens, stopAtEos: false, interventions: [added] };
        const { result } = await run(golden, 'generation', options);
        const written = (result.completions as { tokens: number[] }[]).map((completion) => completion.tokens);
        expect(written).toEqual(golden.tokens['generate.add_all_pos']);
      });

      it('attributes', async () => {
        const { arrays } = await run(golden, 'attribution', {});
        expect(difference(arrays['scores'], reference['eap']!).relative).toBeLessThan(2e-4);
      });
    });
  });
}
