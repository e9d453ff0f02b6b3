/** A real chat model, SmolLM2-135M-Instruct from its GGUF, from chat messages to grids and edges, against PyTorch. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeSafetensors, openEnginePool, parseSpec, runExperiment, writeResult } from '@demur/interp';
import type { EnginePool, ExperimentResult, NamedArray } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smollm2Path } from '../../scripts/fetch-smollm2.ts';
import { randomValues } from '../model/tiny-model.ts';
import { readArrays } from './golden-case.ts';

interface CaseJson {
  template: string;
  pairs: [string, string][];
  tokens_clean: number[][];
  tokens_corrupted: number[][];
  object_position: number;
  senders: string[];
  receivers: string[];
  n_edges: number;
  steer: { cases: Record<string, { metric: number[] }> };
  eap_ig_k0_top200: [string, number][];
  exact_edges: { rows: [string, number, number, number][] };
}

/** Long enough for a slow machine; nothing here is about time. */
const timeout = 900_000;

const model = smollm2Path();
const there = existsSync(model);
if (!there) console.warn('skipped: SmolLM2-135M-Instruct is not here; `npm run fetch:smollm2` fetches it');

const folder = new URL('./open/smollm2/', import.meta.url);
const golden = JSON.parse(readFileSync(new URL('case.json', folder), 'utf8')) as CaseJson;
const reference = readArrays(new URL('smollm2.safetensors', folder));
const chat = (object: string) => ({ messages: [{ role: 'user', content: golden.template.replace('{}', object) }] });
const pairs = golden.pairs.map(([clean, corrupted]) => ({
  clean: chat(clean),
  corrupted: chat(corrupted),
  answer: 'Sorry',
  distractor: 'Sure',
}));

function largestDifference(got: NamedArray | undefined, name: string): number {
  const wanted = reference[name]!;
  expect(got?.shape).toEqual(wanted.shape);
  return got!.values.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted.values[i]!)), 0);
}

describe.skipIf(!there)('SmolLM2-135M-Instruct, 8 pairs (skipped where it cannot be fetched)', { timeout }, () => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool();
  });
  afterAll(() => pool.close());

  function run(kind: string, options: object): Promise<ExperimentResult> {
    return runExperiment(parseSpec({ kind, model, pairs, options }), { pool });
  }

  it('reads the tokens of the reference, and gives its logits and metric', async () => {
    const { arrays, result } = await run('activations', { names: ['blocks.*.hook_resid_pre'], logits: 'last' });
    expect(result.pairs.map((pair) => pair.clean.tokens)).toEqual(golden.tokens_clean);
    expect(result.pairs.map((pair) => pair.corrupted.tokens)).toEqual(golden.tokens_corrupted);
    expect(result.pairs.every((pair) => pair.firstDifference === golden.object_position)).toBe(true);
    for (const side of ['clean', 'corrupted']) {
      expect(largestDifference(arrays[`${side}.metric`], `${side}.metric`)).toBeLessThan(1e-3);
      expect(largestDifference(arrays[`${side}.logits_last`], `${side}.logits_last`)).toBeLessThan(1e-3);
    }
  });

  // The residual stream is test/api/smollm2.test.ts's part.
  it('patches what attention and MLPs add, at every layer and position', async () => {
    const sites = ['attn_out', 'mlp_out'];
    const { arrays } = await run('activation-patching', { activations: sites });
    for (const site of sites) expect(largestDifference(arrays[site], `patch.${site}`)).toBeLessThan(2e-3);
    expect(largestDifference(arrays['baseline.clean'], 'clean.metric')).toBeLessThan(1e-3);
  });

  it('finds the direction of the reference, and what it does', async () => {
    const found = await run('direction', { layers: [15, 14], select: true, minAddition: -10, maxKl: 1 });
    const { directions, 'selection.ablation': ablation, 'selection.addition': addition } = found.arrays;
    const vector = reference['steer.vector']!.values;
    expect(directions?.shape).toEqual([2, 1, vector.length]);
    const off = vector.reduce((most, x, i) => Math.max(most, Math.abs(x - directions!.values[i]!)), 0);
    expect(off / Math.max(...vector.map(Math.abs))).toBeLessThan(1e-4);
    const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
    const { harmful_ablate_everywhere: ablated, harmless_add_all_pos: added } = golden.steer.cases;
    expect(Math.abs(ablation!.values[0]! - mean(ablated!.metric))).toBeLessThan(1e-3);
    expect(Math.abs(addition!.values[0]! - mean(added!.metric))).toBeLessThan(1e-3);
    expect(found.result.selected).toMatchObject({ position: -1 });

    const folder = mkdtempSync(join(tmpdir(), 'demur-smollm2-'));
    try {
      await writeResult(folder, found);
      const options = { direction: { experiment: folder, layer: 15 }, layers: [15], run: 'corrupted' };
      const { arrays } = await run('steering', options);
      const steered = added!.metric.map((metric, i) => Math.abs(arrays['metric']!.values[i]! - metric));
      expect(Math.max(...steered)).toBeLessThan(1e-3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('patches every head', async () => {
    const { arrays } = await run('activation-patching', { activations: ['z'], positions: 'all' });
    expect(largestDifference(arrays['z'], 'patch.head_z_all')).toBeLessThan(2e-3);
  });

  it('scores all 123,211 edges', async () => {
    const { arrays, result } = await run('attribution', { kvHeads: 'expanded' });
    expect(result.senders).toEqual(golden.senders);
    expect(result.receivers).toEqual(golden.receivers);
    expect(result.edges).toBe(golden.n_edges);
    const wanted = reference['eap']!.values;
    const { values: scores } = arrays['scores']!;
    const edges = [...arrays['mask']!.values.keys()].filter((i) => arrays['mask']!.values[i] === 1);
    expect(edges.length).toBe(golden.n_edges);
    const scale = edges.reduce((most, i) => Math.max(most, Math.abs(wanted[i]!)), 0);
    const off = edges.reduce((most, i) => Math.max(most, Math.abs(scores[i]! - wanted[i]!)), 0);
    expect(off / scale).toBeLessThan(1e-3);
    for (const [name, eap] of golden.exact_edges.rows) {
      const [sender, receiver] = name.split('->') as [string, string];
      const at = golden.senders.indexOf(sender) * golden.receivers.length + golden.receivers.indexOf(receiver);
      expect(Math.abs(scores[at]! - eap) / scale).toBeLessThan(1e-3);
    }
  });

  it('scores all edges by EAP-IG, and keeps the scores of single pairs apart', async () => {
    const options = { method: 'eap-ig', bootstrap: 200, bootstrapTop: 200 };
    const { arrays, result } = await run('attribution', options);
    const wanted = reference['eap_ig_k0']!;
    const scores = arrays['scores']!;
    expect(scores.shape).toEqual(wanted.shape);
    const edges = [...arrays['mask']!.values.keys()].filter((i) => arrays['mask']!.values[i] === 1);
    const scale = edges.reduce((most, i) => Math.max(most, Math.abs(wanted.values[i]!)), 0);
    const off = edges.reduce((most, i) => Math.max(most, Math.abs(scores.values[i]! - wanted.values[i]!)), 0);
    expect(off / scale).toBeLessThan(2e-4);
    const top = new Map(result.bootstrap!.top.map(({ edge, ...rest }) => [edge, rest]));
    const known = golden.eap_ig_k0_top200.filter(([name]) => top.has(name));
    expect(known.length).toBeGreaterThan(195);
    for (const [name, score] of known) expect(Math.abs(top.get(name)!.score - score) / scale).toBeLessThan(2e-4);
    for (const { low, high } of top.values()) expect(low).toBeLessThanOrEqual(high);
    const frequencies = [...top.values()].map(({ frequency }) => frequency);
    expect(frequencies[0]).toBe(1);
    expect(result.bootstrap!.stability).toBeGreaterThan(0.5);
  });

  it('patches edges exactly', async () => {
    const { rows } = golden.exact_edges;
    const { arrays } = await run('edge-patching', { edges: rows.map(([name]) => name) });
    const scale = Math.max(...rows.map(([, , , exact]) => Math.abs(exact)));
    const off = rows.map(([, , , exact], i) => Math.abs(arrays['effects']!.values[i]! - exact));
    expect(Math.max(...off) / scale).toBeLessThan(2e-4);
  });

  it('runs a circuit of all edges but one as that edge is patched', async () => {
    const [name, , , exact] = golden.exact_edges.rows[2]!;
    const { arrays, result } = await run('circuit-evaluation', { circuit: [name], completeness: true });
    const mean = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;
    const [clean, ablated] = (['clean', 'ablated'] as const).map((side) => mean(arrays[`baseline.${side}`]!.values));
    const without = ablated! + result.sizes![0]!.completeness! * (clean! - ablated!);
    expect(Math.abs(without - clean! - exact)).toBeLessThan(2e-4);
  });

  it("finds more of the behaviour in EAP-IG's circuits than in random ones of their size", async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'demur-smollm2-')), 'random.safetensors');
    try {
      const shape = [golden.senders.length, golden.receivers.length];
      const values = randomValues(shape[0]! * shape[1]!, 1);
      writeFileSync(file, encodeSafetensors({ scores: { shape, values } }));
      const ofScores = async (scores: object): Promise<number> => {
        const { result } = await run('circuit-evaluation', { scores, sizes: [12_321] });
        return result.sizes![0]!.faithfulness;
      };
      const [chosen, random] = [
        await ofScores({ file: fileURLToPath(new URL('smollm2.safetensors', folder)), name: 'eap_ig_k0' }),
        await ofScores({ file }),
      ];
      expect(chosen).toBeGreaterThan(0.8);
      expect(random).toBeLessThan(0.3);
    } finally {
      rmSync(dirname(file), { recursive: true });
    }
  });
});
