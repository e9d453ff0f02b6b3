/**
 * Exact edge patching: all edges of the reference cases, and on models of other kinds against whole forward passes in which
 * hooks put one head's or MLP's changed input in; and its slope, which attribution computes by gradients.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { blockHook, type BlockHook, type HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import {
  buildGraph,
  openEnginePool,
  parseSpec,
  prepareExperiment,
  runExperiment,
  writeResult,
  type EnginePool,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cellsOfEdges } from '../../libs/interp/src/edges/edge-cells.ts';
import { edgeNames } from '../../libs/interp/src/edges/edge-list.ts';
import { patchEdges } from '../../libs/interp/src/edges/edge-patching.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { openMetric } from '../../libs/interp/src/metrics/open-metric.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { ResolvedPair, ShardArrays } from '../../libs/interp/src/shard.ts';
import type { PairBlock } from '../../libs/interp/src/suffix/pair-block.ts';
import { difference, goldenCase, type Batch } from '../golden/golden-case.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';
import { going, shardOf, stretched, tinyBlock, tinyPairs as pairs } from './tiny-pairs.ts';

describe.each(['tensorflow', 'wasm'] as const)('reference cases, %s', (backend) => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend, workers: 2 });
  });
  afterAll(() => pool.close());

  const batch: Batch = backend === 'tensorflow' ? 'plain' : 'leftpad';

  it.each(['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'])(
    `patches every edge of %s, ${batch}`,
    async (name) => {
      const { json, model, pairs, arrays: reference } = goldenCase(name, batch);
      const options = { edges: 'all', perPair: true };
      const { arrays, result } = await runExperiment(parseSpec({ kind: 'edge-patching', model, pairs, options }), {
        pool,
      });
      const names = result.edges as string[];
      expect(names.length).toBe(json.n_edges);
      const exact = reference['edge_exact']!.values;
      const cellOf = (edge: string): number => {
        const [sender, receiver] = edge.split('->') as [string, string];
        return json.senders.indexOf(sender) * json.receivers.length + json.receivers.indexOf(receiver);
      };
      const wanted = { shape: [names.length], values: Float32Array.from(names, (edge) => exact[cellOf(edge)]!) };
      expect(difference(arrays['effects'], wanted).relative).toBeLessThan(2e-5);
      const each = arrays['effects.pair']!;
      expect(each.shape).toEqual([names.length, pairs.length]);
      const means = names.map((_, edge) => (each.values[2 * edge]! + each.values[2 * edge + 1]!) / 2);
      expect(relativeDifference(arrays['effects']!.values, means)).toBeLessThan(1e-6);
      for (const side of ['clean', 'corrupted'])
        expect(difference(arrays[`baseline.${side}`], reference[`${side}.metric`]!).relative).toBeLessThan(1e-4);
    },
  );
});

describe('edges by an attribution', () => {
  let pool: EnginePool;
  let folder: string;
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'wasm', workers: 2 });
    folder = await mkdtemp(join(tmpdir(), 'demur-edges-'));
  });
  afterAll(async () => {
    await pool.close();
    await rm(folder, { recursive: true });
  });

  const golden = goldenCase('llama_gqa_tied', 'plain');
  const { json, model, pairs, arrays: reference } = golden;
  const value = (array: string, edge: string): number => {
    const [sender, receiver] = edge.split('->') as [string, string];
    return reference[array]!.values[
      json.senders.indexOf(sender) * json.receivers.length + json.receivers.indexOf(receiver)
    ]!;
  };
  const spec = (kind: string, options: object) => parseSpec({ kind, model, pairs, options, seed: 7 });

  /** Pearson's, by the mean product of standard scores. */
  function correlationOf(edges: { score: number; exact: number }[]): number {
    const standard = (values: number[]): number[] => {
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
      return values.map((value) => (value - mean) / spread);
    };
    const exact = standard(edges.map((edge) => edge.exact));
    const scores = standard(edges.map(({ score }) => score));
    return scores.reduce((sum, score, i) => sum + score * exact[i]!, 0) / edges.length;
  }

  it('patches the strongest edges of a result, or of scores in a file', async () => {
    const attribution = await runExperiment(spec('attribution', {}), { pool });
    await writeResult(folder, attribution);
    const byFolder = await runExperiment(spec('edge-patching', { edges: { top: 5, of: folder } }), { pool });
    const names = byFolder.result.edges as string[];
    const strength = (edge: string): number => Math.abs(value('eap', edge));
    const all = edgeNames(
      'all',
      buildGraph({ nLayers: json.n_layers, nHeads: json.n_heads, nKvHeads: json.n_kv_heads }, 'expanded'),
    );
    expect(names).toEqual(all.toSorted((a, b) => strength(b) - strength(a)).slice(0, 5));
    const wanted = names.map((edge) => value('edge_exact', edge));
    expect(relativeDifference(byFolder.arrays['effects']!.values, wanted)).toBeLessThan(1e-4);
    const { edges } = byFolder.result.spec.options as { edges: { of: { sha256: string } } };
    expect(edges).toMatchObject({ top: 5, of: { file: folder, name: 'scores' } });
    expect(edges.of.sha256).toMatch(/^\w{64}$/);
    const again = await prepareExperiment(byFolder.result.spec);
    expect((again.shardSpec.options as { edges: string[] }).edges).toEqual(names);
    const file = join(folder, 'arrays.safetensors');
    const other = spec('edge-patching', { edges: { top: 5, of: { file, sha256: '0'.repeat(64) } } });
    await expect(prepareExperiment(other)).rejects.toThrow(/it has changed; leave out "sha256"/);
    const native = spec('edge-patching', { kvHeads: 'native', edges: { top: 5, of: file } });
    await expect(prepareExperiment(native)).rejects.toThrow(/has the shape \[22, 58\]; the native graph .* 22 senders/);
    const many = spec('edge-patching', { edges: { top: 497, of: file } });
    await expect(prepareExperiment(many)).rejects.toThrow('497 is more than the 496 edges that the model has');
  });

  it('patches the strongest edges of an attribution named as an experiment, and refuses what has none', async () => {
    const attribution = await runExperiment(spec('attribution', {}), { pool });
    const named = join(folder, 'named');
    await writeResult(named, attribution);
    const strongest = (of: unknown, more = {}) => spec('edge-patching', { edges: { top: 5, of }, ...more });
    const [byFile, byName] = [
      await prepareExperiment(strongest(named)),
      await prepareExperiment(strongest({ experiment: named })),
    ];
    expect(byName.shardSpec.options).toEqual(byFile.shardSpec.options);
    const shaOf = ({ spec }: typeof byName) => (spec.options as { edges: { of: { sha256: string } } }).edges.of;
    expect(shaOf(byName)).toEqual({ experiment: named, sha256: shaOf(byFile).sha256 });
    await expect(prepareExperiment(byName.spec)).resolves.toMatchObject({ spec: byName.spec });

    const refusal = async (attempt: ReturnType<typeof strongest>, message: RegExp, code = 'FOUND_EXPERIMENT') => {
      const prepared = prepareExperiment(attempt);
      await expect(prepared).rejects.toMatchObject({ code, path: 'options.edges.of' });
      await expect(prepared).rejects.toThrow(message);
    };
    const changed = { experiment: named, sha256: '0'.repeat(64) };
    await refusal(strongest(changed), /it has changed; leave out "sha256"/, 'INVALID_SPEC');
    const native = strongest({ experiment: named }, { kvHeads: 'native' });
    await refusal(native, /shape \[22, 58\]; the native graph .* with the same "kvHeads"/, 'INVALID_SPEC');
    await refusal(strongest({ experiment: join(folder, 'none') }), /has no result: .*result\.json cannot be read/);
    const other = goldenCase('llama_mha', 'plain');
    const foreign = { ...strongest({ experiment: named }), model: other.model, pairs: other.pairs };
    await refusal(parseSpec(foreign), /is of another model: its weights have the SHA-256/);
    const patched = join(folder, 'patched');
    await writeResult(patched, await runExperiment(spec('edge-patching', { edges: ['m0->logits'] }), { pool }));
    await refusal(strongest({ experiment: patched }), /has no scores of edges; give one of the kind "attribution"/);
    expect(() => strongest({ experiment: named, name: 'scores' })).toThrow(/options\.edges/);
  });

  it('checks an attribution: its strongest edges and random others', async () => {
    const { arrays, result } = await runExperiment(spec('attribution', { checkExact: 12 }), { pool });
    expect(Object.keys(arrays).sort()).toEqual(['mask', 'scores']);
    const { edges, pearson, spearman, signs, top, random } = result.exactCheck!;
    expect(new Set(edges.map(({ name }) => name)).size).toBe(24);
    const exact = edges.map(({ name }) => value('edge_exact', name));
    expect(
      relativeDifference(
        edges.map((edge) => edge.exact),
        exact,
      ),
    ).toBeLessThan(1e-4);
    expect(
      relativeDifference(
        edges.map(({ score }) => score),
        edges.map(({ name }) => value('eap', name)),
      ),
    ).toBeLessThan(1e-4);
    const least = Math.min(...edges.slice(0, 12).map(({ score }) => Math.abs(score)));
    expect(edges.slice(12).every(({ score }) => Math.abs(score) <= least)).toBe(true);
    const alike = (of: typeof edges): number =>
      of.filter(({ score, exact }) => Math.sign(score) === Math.sign(exact)).length / of.length;
    expect([signs, top.signs, random.signs]).toEqual([alike(edges), alike(edges.slice(0, 12)), alike(edges.slice(12))]);
    expect(pearson).toBeCloseTo(correlationOf(edges), 6);
    expect(top.pearson).toBeCloseTo(correlationOf(edges.slice(0, 12)), 6);
    expect(random.pearson).toBeCloseTo(correlationOf(edges.slice(12)), 6);
    const rank = (of: number, all: number[]): number => all.filter((other) => other < of).length;
    const [scores, effects] = [edges.map(({ score }) => score), edges.map((edge) => edge.exact)];
    const ranks = edges.map((edge) => ({ score: rank(edge.score, scores), exact: rank(edge.exact, effects) }));
    expect(spearman).toBeCloseTo(correlationOf(ranks), 6);
    const same = await runExperiment(spec('attribution', { checkExact: 12 }), { pool });
    expect(same.result.exactCheck!.edges.map(({ name }) => name)).toEqual(edges.map(({ name }) => name));
  });

  it.each([
    ['m0', 'options.edges[0]', '"m0": edges are named sender->receiver, such as "m0->logits"'],
    ['m9->logits', 'options.edges[0]', '"m9->logits": there is no sender m9; the model has input, a0.h0, a0.h1 ... m2'],
    [
      'm0->a1.kv0<k>',
      'options.edges[0]',
      '"m0->a1.kv0<k>": there is no receiver a1.kv0<k> in the expanded graph; the model has a0.h0<q>, a0.h1<q>, a0.h2<q> ... logits',
    ],
    ['m1->m1', 'options.edges[0]', '"m1->m1": m1 does not come before m1'],
  ])('refuses the edge %s', async (edge, path, message) => {
    await expect(prepareExperiment(spec('edge-patching', { edges: [edge] }))).rejects.toMatchObject({
      issues: [{ path, message }],
    });
  });

  it('refuses scores that cannot be read', async () => {
    const missing = spec('edge-patching', { edges: { top: 5, of: join(folder, 'none.safetensors') } });
    await expect(prepareExperiment(missing)).rejects.toMatchObject({ path: 'options.edges.of' });
  });
});

const models = [
  ['llama_gqa_tied', 'tensorflow'],
  ['llama_gqa_tied', 'wasm'],
  ['gemma2', 'wasm'],
  ['gpt2', 'wasm'],
  ['stretched', 'wasm'],
] as const;

describe.each(models)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await (name === 'stretched' ? randomModel(stretched, backend) : tinyModel(name, backend));
  });
  afterAll(() => model.dispose());

  function run(options: object, of = pairs, work = going, metric: object = {}): Promise<ShardArrays> {
    const spec = parseSpec({ kind: 'edge-patching', model: '.', pairs: 'given', ...metric, options });
    return executeShard(model, spec, shardOf(of), work);
  }

  /** A run of the clean prompt with one activation replaced: the values of another one, or the logits at the last position. */
  function cleanRun(p: ResolvedPair, at: HookName, replace: (x: tf.Tensor) => tf.Tensor, wanted: HookName): tf.Tensor {
    const { activations, logits } = model.forward([p.clean], { hooks: { [at]: replace }, capture: [wanted] });
    logits?.dispose();
    return activations.get(wanted)!;
  }

  function activation(p: ResolvedPair, side: 'clean' | 'corrupted', hook: HookName): tf.Tensor {
    const { activations, logits } = model.forward([p[side]], { capture: [hook] });
    logits?.dispose();
    return activations.get(hook)!;
  }

  /** x with head `head` of [1, position, head, width] taken from `other`. */
  function withHead(x: tf.Tensor, other: tf.Tensor, head: number): tf.Tensor {
    const isHead = Array.from({ length: x.shape[2]! }, (_, h) => h === head);
    return tf.where(tf.tensor(isHead, [1, 1, x.shape[2]!, 1], 'bool').broadcastTo(x.shape), other, x);
  }

  /** What a sender adds in the corrupted run − in the clean one, [1, position, dModel]. */
  function changeOf(p: ResolvedPair, sender: string): tf.Tensor {
    const [, kind, layer, head] = /^([am])(\d+)(?:\.h(\d+))?$/.exec(sender) ?? [];
    if (kind === 'a') {
      const [results, out] = [blockHook(Number(layer), 'attn.hook_result'), blockHook(Number(layer), 'hook_attn_out')];
      const corrupted = activation(p, 'corrupted', results);
      const replace = (x: tf.Tensor): tf.Tensor => withHead(x, corrupted, Number(head));
      return cleanRun(p, results, replace, out).sub(activation(p, 'clean', out));
    }
    const hook = kind === 'm' ? blockHook(Number(layer), 'hook_mlp_out') : blockHook(0, 'hook_resid_pre');
    return activation(p, 'corrupted', hook).sub(activation(p, 'clean', hook));
  }

  /** The metric of a clean run with one activation replaced. */
  async function metricWith(p: ResolvedPair, at: HookName, replace: (x: tf.Tensor) => tf.Tensor): Promise<number> {
    const patched = model.forward([p.clean], { hooks: { [at]: replace } });
    const logits = await patched.logits!.data();
    patched.dispose();
    return logits[p.answer]! - logits[p.distractor]!;
  }

  /** An edge of the native graph by brute force. */
  async function bruteForce(p: ResolvedPair, edge: string): Promise<number> {
    const [sender, receiver] = edge.split('->') as [string, string];
    const change = changeOf(p, sender);
    const plus = (x: tf.Tensor): tf.Tensor => x.add(change);
    const clean = await metricWith(p, 'hook_embed', (x) => x);
    const [, layer, head, port] = /^[am](\d+)(?:\.\w+?(\d+)<([qkv])>)?$/.exec(receiver) ?? [];
    const at = (hook: BlockHook): HookName => blockHook(Number(layer), hook);
    const patched = async (): Promise<number> => {
      if (receiver === 'logits') return metricWith(p, blockHook(model.config.nLayers - 1, 'hook_resid_post'), plus);
      if (port === undefined) {
        const changed = cleanRun(p, at('hook_resid_mid'), plus, at('hook_mlp_out'));
        return metricWith(p, at('hook_mlp_out'), () => changed);
      }
      const read = at(`attn.hook_${port as 'q' | 'k' | 'v'}`);
      const changed = cleanRun(p, at('hook_resid_pre'), plus, read);
      return metricWith(p, read, (x) => withHead(x, changed, Number(head)));
    };
    return (await patched()) - clean;
  }

  it('gives what whole passes give, for edges of the native graph', async () => {
    const graph = buildGraph(model.config, 'native');
    const edges = edgeNames('all', graph).filter((_, i) => i % 19 === 0);
    const ports = edges.map((edge) => /<([qkv])>$/.exec(edge)?.[1] ?? 'in');
    expect(new Set(ports).size).toBe(4);
    const arrays = await run({ edges, kvHeads: 'native', perPair: true });
    const scope = tf.engine();
    scope.startScope();
    const wanted: number[] = [];
    for (const edge of edges) for (const p of pairs) wanted.push(await bruteForce(p, edge));
    scope.endScope();
    expect(relativeDifference(arrays['effects.pair']!.values, wanted)).toBeLessThan(2e-5);
  });

  it('gives the same numbers however many rows a pass may have', async () => {
    const edges = edgeNames('all', buildGraph(model.config, 'expanded')).filter((_, i) => i % 5 === 0);
    const cells = cellsOfEdges(edges, buildGraph(model.config, 'expanded'), model.config);
    const effects = (maxRows: number) => patched(tinyBlock(), { cells, kvHeads: 'expanded', maxRows });
    const whole = await effects(100_000);
    for (const maxRows of [1, 200]) expect(relativeDifference(await effects(maxRows), whole)).toBeLessThan(2e-5);
  });

  async function patched(
    block: PairBlock,
    options: Pick<Parameters<typeof patchEdges>[2], 'cells' | 'kvHeads' | 'maxRows' | 'share'>,
  ): Promise<Float32Array> {
    return withReadings(async (readings) => {
      const metric = await openMetric(model, 'logit-difference', { pairs: block.pairs, readings });
      const work = { metric, readings, cancel: going.cancel, onStep: () => undefined };
      return (await patchEdges(model, block, { ...options, ...work })).effects;
    });
  }

  it.each(['native', 'expanded'] as const)('has the slope that attribution gives, %s edges', async (kvHeads) => {
    const graph = buildGraph(model.config, kvHeads);
    const names = edgeNames('all', graph);
    const cells = cellsOfEdges(names, graph, model.config);
    const block = tinyBlock();
    const count = block.pairs.length;
    const central = async (share: number): Promise<number[]> => {
      const [up, down] = [
        await patched(block, { cells, kvHeads, share }),
        await patched(block, { cells, kvHeads, share: -share }),
      ];
      return names.map((_, edge) => {
        const own = block.pairs.map((_, i) => up[count * edge + i]! - down[count * edge + i]!);
        return own.reduce((a, b) => a + b, 0) / (2 * share);
      });
    };
    const width = 0.004;
    // Two widths, so that what grows with the square of the width cancels.
    const [wide, narrow] = [await central(2 * width), await central(width)];
    const slopes = narrow.map((value, i) => (4 * value - wide[i]!) / 3);
    const spec = parseSpec({ kind: 'attribution', model: '.', pairs: 'given', options: { kvHeads } });
    const shard = shardOf(block.pairs.map((placed) => placed.pair));
    const scores = (await executeShard(model, spec, shard, going))['scores']!;
    const wanted = names.map((edge) => {
      const [sender, receiver] = edge.split('->') as [string, string];
      return scores.values[graph.senders.indexOf(sender) * graph.receivers.length + graph.receivers.indexOf(receiver)]!;
    });
    expect(relativeDifference(slopes, wanted)).toBeLessThan(1e-3);
  });

  it('reads a metric of an earlier layer there: later edges do nothing, and the last ones are linear', async () => {
    const edges = ['input->a0.h0<v>', 'm0->m1', 'm1->logits', 'input->m2', 'm2->logits'];
    const values = Array.from({ length: model.config.dModel }, (_, i) => Math.sin(i));
    const metric = { metric: { projection: { values }, layer: 1 } };
    const effects = [...(await run({ edges }, pairs, going, metric))['effects']!.values];
    expect(effects.slice(3)).toEqual([0, 0]);
    for (const effect of effects.slice(0, 3)) expect(Math.abs(effect)).toBeGreaterThan(1e-4);
    const reads = blockHook(1, 'hook_mlp_out');
    let direct = 0;
    for (const p of pairs) {
      const change = tf.tidy(() => activation(p, 'corrupted', reads).sub(activation(p, 'clean', reads)));
      const last = (await change.data()).slice(-values.length);
      change.dispose();
      direct += values.reduce((sum, value, i) => sum + value * last[i]!, 0);
    }
    expect(Math.abs(effects[2]! - direct)).toBeLessThan(1e-4 * Math.abs(direct));
  });

  it('leaves no tensor behind, also when it is cancelled on the way', async () => {
    const options = { edges: edgeNames('all', buildGraph(model.config, 'expanded')).slice(0, 200) };
    await run(options);
    const before = tf.memory().numTensors;
    await run(options);
    for (const at of [2, model.config.nLayers + 2]) {
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (++asked === at) throw new Error('cancelled');
      };
      await expect(run(options, pairs, { ...going, cancel: { throwIfCancelled } })).rejects.toThrow('cancelled');
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
