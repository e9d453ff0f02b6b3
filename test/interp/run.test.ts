/** Experiments through the engine's process, against reference arrays made with PyTorch and hand-written hooks. */
import { openEnginePool, parseSpec, runExperiment, type EnginePool, type ExperimentResult } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { difference, goldenCase, layerOf, type Batch, type GoldenCase } from '../golden/golden-case.ts';

const sitesOfHooks = {
  resid_pre: 'hook_resid_pre',
  attn_out: 'hook_attn_out',
  resid_mid: 'hook_resid_mid',
  mlp_out: 'hook_mlp_out',
  z: 'attn.hook_z',
  pattern: 'attn.hook_pattern',
  head_result: 'attn.hook_result',
  head_result_post: 'attn.hook_result_post',
} as const;

/** Without post-norms the reference leaves out the heads' results after them: they are those before. */
function withHeadResults(arrays: GoldenCase['arrays']): GoldenCase['arrays'] {
  const of = (side: string) => arrays[`${side}.head_result`]!;
  return { 'clean.head_result_post': of('clean'), 'corrupted.head_result_post': of('corrupted'), ...arrays };
}

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend, workers: 2 });
  });
  afterAll(() => pool.close());

  function run(golden: GoldenCase, kind: string, options: object): Promise<ExperimentResult> {
    return runExperiment(parseSpec({ kind, model: golden.model, pairs: golden.pairs, options }), { pool });
  }

  const families = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];
  const cases = families.flatMap((name): [string, Batch][] => [
    [name, 'plain'],
    [name, 'leftpad'],
  ]);

  describe.each(cases)('%s, %s', (name, batch) => {
    const golden = goldenCase(name, batch);
    const { json, lengths } = golden;
    const reference = withHeadResults(golden.arrays);
    const pads = lengths.reduce((sum, length) => sum + json.T - length, 0);

    /** Values without a token in an array [pair, position, ...], or [pair, head, query, key] of a pattern. */
    function missingIn(site: string, shape: number[]): number {
      if (site !== 'pattern') return pads * shape.slice(2).reduce((a, b) => a * b, 1);
      return lengths.reduce((sum, length) => sum + json.n_heads * (json.T ** 2 - length ** 2), 0);
    }

    it('shows activations, logits and metric', async () => {
      const names = Object.values(sitesOfHooks).map((hook) => `blocks.*.${hook}`);
      const { arrays } = await run(golden, 'activations', { names: ['hook_embed', ...names], logits: 'all' });
      for (const side of ['clean', 'corrupted']) {
        const compare = (got: string, site: string) => {
          const wanted = reference[`${side}.${site}`]!;
          return difference(arrays[`${side}.${got}`], wanted, { missing: missingIn(site, wanted.shape) });
        };
        const metric = difference(arrays[`${side}.metric`], reference[`${side}.metric`]!);
        expect(metric.relative).toBeLessThan(1e-4);
        expect(compare('logits', 'logits').relative).toBeLessThan(1e-5);
        expect(compare('hook_embed', 'embed').relative).toBeLessThan(1e-6);
        for (const [site, hook] of Object.entries(sitesOfHooks))
          for (let layer = 0; layer < json.n_layers; layer++) {
            const wanted = layerOf(reference[`${side}.${site}`]!, layer);
            const missing = missingIn(site, wanted.shape);
            const got = difference(arrays[`${side}.blocks.${layer}.${hook}`], wanted, { missing });
            expect(got.relative, `${site} ${layer}`).toBeLessThan(1e-5);
          }
      }
    });

    it('shows gradients of the mean metric', async () => {
      const sites = ['resid_pre', 'attn_out', 'mlp_out', 'z'] as const;
      const names = sites.map((site) => `blocks.*.${sitesOfHooks[site]}`);
      const { arrays } = await run(golden, 'activations', { names, gradients: true });
      for (const site of sites)
        for (let layer = 0; layer < json.n_layers; layer++) {
          const wanted = layerOf(reference[`clean.grad.${site}`]!, layer);
          const got = arrays[`clean.grad.blocks.${layer}.${sitesOfHooks[site]}`];
          const { relative } = difference(got, wanted, { missing: missingIn(site, wanted.shape) });
          expect(relative, `${site} ${layer}`).toBeLessThan(2e-5);
        }
    });

    it('patches every cell', async () => {
      const sites = ['resid_pre', 'attn_out', 'mlp_out'];
      const { arrays } = await run(golden, 'activation-patching', { activations: [...sites, 'z'] });
      for (const site of sites) {
        const missing = pads * json.n_layers;
        const { relative } = difference(arrays[site], reference[`patch.${site}`]!, { missing });
        expect(relative, site).toBeLessThan(1e-4);
      }
      for (const side of ['clean', 'corrupted'])
        expect(difference(arrays[`baseline.${side}`], reference[`${side}.metric`]!).relative).toBeLessThan(1e-4);
      const { shape, values } = arrays['z']!;
      expect(shape).toEqual([json.n_layers, json.n_heads, json.T, lengths.length]);
      const atColumn = values.filter((_, at) => Math.floor(at / lengths.length) % json.T === json.head_z_pos_position);
      const head = { shape: [json.n_layers, json.n_heads, lengths.length], values: atColumn };
      expect(difference(head, reference['patch.head_z_pos']!).relative).toBeLessThan(1e-4);
    });

    it.each([
      ['all', 'patch.head_z_all'],
      ['last', 'patch.head_z_last'],
    ])('patches heads at %s positions', async (positions, wanted) => {
      const { arrays } = await run(golden, 'activation-patching', { activations: ['z'], positions });
      expect(difference(arrays['z'], reference[wanted]!).relative).toBeLessThan(1e-4);
    });

    it('patches after a layer as before the next, and after the last one as the source ends', async () => {
      const sites = ['resid_mid', 'resid_post'];
      const { arrays } = await run(golden, 'activation-patching', { activations: sites });
      const { shape, values } = reference['patch.resid_pre']!;
      const layerSize = json.T * lengths.length;
      const after = Array.from({ length: layerSize }, (_, at) => {
        const side = at < layerSize - lengths.length ? 'corrupted' : 'clean';
        return reference[`${side}.metric`]!.values[at % lengths.length]!;
      });
      const wanted = { shape, values: Float32Array.from([...values.subarray(layerSize), ...after]) };
      for (const site of sites) {
        const { relative } = difference(arrays[site], wanted, { missing: pads * json.n_layers });
        expect(relative, site).toBeLessThan(1e-4);
      }
    });

    it('patches at chosen columns', async () => {
      const column = json.head_z_pos_position;
      const options = { activations: ['resid_pre'], positions: [-1, column] };
      const { arrays } = await run(golden, 'activation-patching', options);
      const { shape, values } = reference['patch.resid_pre']!;
      const pairs = lengths.length;
      const wanted = Array.from({ length: json.n_layers }, (_, layer) =>
        [json.T - 1, column].flatMap((at) => [
          ...values.subarray((layer * json.T + at) * pairs, (layer * json.T + at + 1) * pairs),
        ]),
      ).flat();
      const reduced = { shape: [shape[0]!, 2, pairs], values: Float32Array.from(wanted) };
      expect(difference(arrays['resid_pre'], reduced).relative).toBeLessThan(1e-4);
    });

    it('attributes to expanded edges', async () => {
      const { arrays, result } = await run(golden, 'attribution', {});
      expect(difference(arrays['scores'], reference['eap']!).relative).toBeLessThan(2e-5);
      expect(difference(arrays['mask'], reference['edge_mask']!).relative).toBe(0);
      expect(result).toMatchObject({ senders: json.senders, receivers: json.receivers, edges: json.n_edges });
    });

    it('attributes to native edges: sums over the query heads of a group', async () => {
      const { arrays, result } = await run(golden, 'attribution', { kvHeads: 'native' });
      const group = json.n_heads / json.n_kv_heads;
      const nativeName = (receiver: string) =>
        receiver.replace(/\.h(\d+)<([kv])>/, (_, head, port) => `.kv${Math.floor(Number(head) / group)}<${port}>`);
      const receivers = [...new Set(json.receivers.map(nativeName))];
      const sums = new Float32Array(json.senders.length * receivers.length);
      for (const [at, score] of reference['eap']!.values.entries()) {
        const receiver = receivers.indexOf(nativeName(json.receivers[at % json.receivers.length]!));
        sums[Math.floor(at / json.receivers.length) * receivers.length + receiver]! += score;
      }
      expect(result.receivers).toEqual(receivers);
      const wanted = { shape: [json.senders.length, receivers.length], values: sums };
      expect(difference(arrays['scores'], wanted).relative).toBeLessThan(2e-5);
    });
  });

  it('keeps the order of pairs, and gives each the same numbers whatever the others', async () => {
    const [plain, padded] = [goldenCase('llama_mha', 'plain'), goldenCase('llama_mha', 'leftpad')];
    const both = [...plain.pairs, ...padded.pairs];
    const many = { ...plain, pairs: Array.from({ length: 21 }, (_, at) => both[(at * 3) % 4]!) };
    const options = { activations: ['resid_pre'] };
    const [whole, few] = await Promise.all([
      run(many, 'activation-patching', options),
      run({ ...plain, pairs: both }, 'activation-patching', options),
    ]);
    expect(whole.arrays['resid_pre']!.shape).toEqual([3, 8, 21]);
    for (let cell = 0; cell < 24; cell++)
      for (let pair = 0; pair < 21; pair++) {
        const wanted = few.arrays['resid_pre']!.values[cell * 4 + ((pair * 3) % 4)]!;
        const got = whole.arrays['resid_pre']!.values[cell * 21 + pair]!;
        if (Number.isNaN(wanted)) expect(got).toBeNaN();
        else expect(got).toBeCloseTo(wanted, 4);
      }
  });

  it('gives the mean over pairs, whatever the shards', async () => {
    const golden = goldenCase('llama_gqa_tied', 'plain');
    const tripled = { ...golden, pairs: Array.from({ length: 18 }, (_, at) => golden.pairs[at % 2]!) };
    const { arrays } = await run(tripled, 'attribution', {});
    expect(difference(arrays['scores'], golden.arrays['eap']!).relative).toBeLessThan(2e-5);
  });
});
