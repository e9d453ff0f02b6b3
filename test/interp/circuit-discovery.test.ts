/**
 * Circuits that experiments find: those that scores choose, ACDC against the algorithm as it is written on whole forward
 * passes, shards that run together, going on after a stop, and specs that are refused.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { blockHook, type HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import {
  buildGraph,
  openEnginePool,
  parseSpec,
  prepareExperiment,
  readCircuitPath,
  runExperiment,
  writeResult,
  type EnginePool,
  type ExperimentSpec,
  type SpecError,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShardCircuits } from '../../libs/interp/src/circuit-runs/shard-circuits.ts';
import { greedyCircuit, pruneDangling } from '../../libs/interp/src/discovery/select.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { planShards } from '../../libs/interp/src/plan-shards.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { NamedArray, ResolvedPair, Shard, ShardArrays, ShardOptions } from '../../libs/interp/src/shard.ts';
import { difference, goldenCase } from '../golden/golden-case.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference } from '../model/tiny-model.ts';

const golden = goldenCase('llama_gqa_tied', 'plain');
const { json, model, pairs, arrays: reference } = golden;
const graph = buildGraph({ nLayers: json.n_layers, nHeads: json.n_heads, nKvHeads: json.n_kv_heads }, 'expanded');

const spec = (options: object, more: object = {}): ExperimentSpec =>
  parseSpec({ kind: 'circuit-discovery', model, pairs, options, ...more });

const cellsOf = (circuit: ArrayLike<number>) => Array.from(circuit).flatMap((kept, cell) => (kept === 1 ? [cell] : []));
const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;

describe('by scores', () => {
  let pool: EnginePool;
  let folder: string;
  beforeAll(async () => {
    pool = await openEnginePool({ backend: 'wasm', workers: 2 });
    folder = await mkdtemp(join(tmpdir(), 'demur-circuit-'));
  });
  afterAll(async () => {
    await pool.close();
    await rm(folder, { recursive: true });
  });

  it('chooses from the logits backwards by EAP-IG, prunes, and runs what it found', async () => {
    const found = await runExperiment(spec({ n: 30 }), { pool });
    const { arrays, result } = found;
    const scores = reference['eap_ig_k0']!.values;
    const wanted = pruneDangling(greedyCircuit(scores, graph, 30), graph);
    expect(cellsOf(arrays['in_circuit']!.values)).toEqual(cellsOf(wanted));
    expect(difference(arrays['scores'], reference['eap_ig_k0']!).relative).toBeLessThan(2e-4);
    expect(arrays['mask']!.values).toEqual(graph.mask);
    for (const side of ['clean', 'corrupted'])
      expect(difference(arrays[`baseline.${side}`], reference[`${side}.metric`]!).relative).toBeLessThan(1e-4);
    expect(relativeDifference(arrays['baseline.ablated']!.values, arrays['baseline.corrupted']!.values)).toBeLessThan(
      1e-5,
    );
    const [clean, ablated] = [mean(arrays['baseline.clean']!.values), mean(arrays['baseline.ablated']!.values)];
    const faithfulness = (mean(arrays['circuit.metric']!.values) - ablated) / (clean - ablated);
    expect(result).toMatchObject({ senders: graph.senders, receivers: graph.receivers, edges: 496 });
    expect(result.circuit).toMatchObject({ edges: cellsOf(wanted).length });
    expect(result.circuit!.faithfulness).toBeCloseTo(faithfulness, 6);
    expect(result.spec.options).toMatchObject({ method: 'greedy', n: 30, scores: { method: 'eap-ig', steps: 5 } });

    await writeResult(folder, found);
    const circuit = await readCircuitPath(folder);
    expect(cellsOf(circuit.inCircuit!)).toEqual(cellsOf(wanted));
    expect(circuit.scores).toEqual(arrays['scores']!.values);

    const byFile = spec({ method: 'threshold', tau: 0.1, dangling: 'keep', scores: { file: folder } });
    const byName = spec({ method: 'threshold', tau: 0.1, scores: { experiment: folder } });
    expect((await prepareExperiment(byName)).given['scores']!.values).toEqual(arrays['scores']!.values);
    const over = await runExperiment(byFile, { pool });
    const strong = cellsOf(Float32Array.from(scores, (score) => (Math.abs(score) >= 0.1 ? 1 : 0)));
    expect(cellsOf(over.arrays['in_circuit']!.values)).toEqual(strong);
    expect(over.result.circuit!.edges).toBe(strong.length);
    expect(over.result.circuit).not.toHaveProperty('tested');
  });

  it("takes ACDC's effects as scores, 0 of edges that it did not try", async () => {
    const found = await runExperiment(spec({ method: 'acdc', tau: 0.5 }), { pool });
    await writeResult(join(folder, 'acdc'), found);
    const { given } = await prepareExperiment(spec({ scores: { experiment: join(folder, 'acdc') } }));
    const effects = found.arrays['effects']!.values;
    expect(effects.some(Number.isNaN)).toBe(true);
    const wanted = Array.from(effects, (effect) => (Number.isNaN(effect) ? 0 : effect + 0));
    expect([...given['scores']!.values]).toEqual(wanted);
  });

  it('is the model itself with all edges, and nothing of it where none lead through', async () => {
    const all = await runExperiment(spec({ method: 'top-n', n: 496 }), { pool });
    expect(all.result.circuit).toMatchObject({ edges: 496, nodes: graph.senders.length + 1 });
    expect(all.result.circuit!.faithfulness).toBeCloseTo(1, 5);
    const none = await runExperiment(spec({ method: 'threshold', tau: 1e6 }), { pool });
    expect(none.result.circuit).toMatchObject({ edges: 0, nodes: 1 });
    expect(none.result.circuit!.faithfulness).toBeCloseTo(0, 6);
  });

  it.each(['zero', 'mean'])('runs the circuit with %s in the place of other edges', async (ablation) => {
    const { arrays, result } = await runExperiment(spec({ method: 'top-n', n: 496, ablation }), { pool });
    expect(result.circuit!.faithfulness).toBeCloseTo(1, 5);
    expect(Object.keys(arrays).filter((name) => name.startsWith('mean'))).toEqual([]);
    expect(
      relativeDifference(arrays['baseline.ablated']!.values, arrays['baseline.corrupted']!.values),
    ).toBeGreaterThan(0.01);
  });
});

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

describe('ACDC', () => {
  let tiny: Transformer;
  beforeAll(async () => {
    tiny = await randomModel({ nLayers: 2, nHeads: 2, nKvHeads: 2 }, 'wasm');
  });
  afterAll(() => tiny.dispose());

  const pair = (clean: number[], corrupted: number[]): ResolvedPair => ({
    ...{ clean, corrupted, answer: 58, distractor: 3 },
    firstDifference: clean.findIndex((token, i) => token !== corrupted[i]),
  });
  const both = [pair([4, 8, 15, 16, 23], [4, 8, 40, 16, 23]), pair([7, 8, 15, 42], [7, 9, 15, 42])];
  const shardOf = (of: ResolvedPair[]): Shard => planShards(of, of.length)[0]!;

  function search(options: object, more: Partial<Shard & ShardOptions> = {}): Promise<ShardArrays> {
    const own = parseSpec({ kind: 'circuit-discovery', model: '.', pairs: 'given', options });
    const { cancel = going.cancel, checkpoint, ...shard } = more;
    const work = { ...going, cancel, ...(checkpoint && { checkpoint }) };
    return executeShard(tiny, own, { ...shardOf(both), round: 'search', ...shard }, work);
  }

  /** The metric of a circuit of the tiny model: each receiver's input by itself, in whole passes. */
  async function metricOf(of: ResolvedPair, keeps: (sender: string, receiver: string) => boolean): Promise<number> {
    const { nLayers, nHeads } = tiny.config;
    const pass = (side: 'clean' | 'corrupted', replaced: Record<string, tf.Tensor>, wanted: HookName) => {
      const hooks = Object.fromEntries(Object.entries(replaced).map(([at, x]) => [at, () => x]));
      const { activations, logits } = tiny.forward([of[side]], { hooks, capture: [wanted] });
      return { activation: activations.get(wanted)!, logits };
    };
    const layers = Array.from({ length: nLayers }, (_, layer) => layer);
    const heads = Array.from({ length: nHeads }, (_, head) => head);
    const [embed, results, outs] = [
      'hook_embed' as const,
      (l: number) => blockHook(l, 'attn.hook_result'),
      (l: number) => blockHook(l, 'hook_mlp_out'),
    ];
    const headOf = (x: tf.Tensor, head: number) => x.slice([0, 0, head, 0], [-1, -1, 1, -1]).squeeze([2]);
    const written = new Map<string, tf.Tensor>();
    const ablated = new Map<string, tf.Tensor>();
    const plain = (hook: HookName) => pass('corrupted', {}, hook).activation;
    ablated.set('input', plain(embed));
    written.set('input', pass('clean', {}, embed).activation);
    for (const l of layers) {
      for (const h of heads) ablated.set(`a${l}.h${h}`, headOf(plain(results(l)), h));
      ablated.set(`m${l}`, plain(outs(l)));
    }
    /** Every sender so far, each as the receiver reads it. */
    const inputOf = (receiver: string) =>
      [...written]
        .map(([sender, x]) => (keeps(sender, receiver) ? x : ablated.get(sender)!))
        .reduce((a, b) => a.add(b));
    for (const l of layers) {
      const port = (which: 'q' | 'k' | 'v') => {
        const at = blockHook(l, `attn.hook_${which}`);
        const own = heads.map((h) =>
          pass('clean', { [blockHook(l, 'hook_resid_pre')]: inputOf(`a${l}.h${h}<${which}>`) }, at).activation.slice(
            [0, 0, h, 0],
            [-1, -1, 1, -1],
          ),
        );
        return [at, tf.concat(own, 2)] as const;
      };
      const result = pass('clean', Object.fromEntries([port('q'), port('k'), port('v')]), results(l)).activation;
      for (const h of heads) written.set(`a${l}.h${h}`, headOf(result, h));
      written.set(`m${l}`, pass('clean', { [blockHook(l, 'hook_resid_mid')]: inputOf(`m${l}`) }, outs(l)).activation);
    }
    const { logits } = pass('clean', { [blockHook(nLayers - 1, 'hook_resid_post')]: inputOf('logits') }, outs(0));
    const values = await logits!.data();
    return values[of.answer]! - values[of.distractor]!;
  }

  /** Conmy et al.'s algorithm 1 on names, with |change of the metric| in the place of the KL divergence's growth. */
  async function byPaper(tau: number) {
    const { senders, receivers, mask } = buildGraph(tiny.config, 'expanded');
    const columns = receivers.length;
    const circuit = new Set([...mask.keys()].filter((cell) => mask[cell] === 1));
    const measured = async () => {
      tf.engine().startScope();
      const keeps = (sender: string, receiver: string) =>
        circuit.has(senders.indexOf(sender) * columns + receivers.indexOf(receiver));
      const values = [await metricOf(both[0]!, keeps), await metricOf(both[1]!, keeps)];
      tf.engine().endScope();
      return (values[0]! + values[1]!) / 2;
    };
    const effects = new Map<number, number>();
    let now = await measured();
    for (const [column, receiver] of [...receivers.entries()].reverse())
      for (const row of [...senders.keys()].reverse()) {
        const cell = row * columns + column;
        if (!circuit.delete(cell)) continue;
        const node = receiver.split('<')[0]!;
        const isRead = node === 'logits' || [...circuit].some((of) => senders[Math.floor(of / columns)] === node);
        if (!isRead) continue;
        const without = await measured();
        effects.set(cell, without - now);
        if (Math.abs(without - now) < tau) now = without;
        else circuit.add(cell);
      }
    return { circuit: [...circuit].sort((a, b) => a - b), effects };
  }

  it('finds the circuit of whole passes, a test at a time', async () => {
    const tau = 0.5;
    const wanted = await byPaper(tau);
    const found = await search({ method: 'acdc', tau });
    expect(wanted.circuit.length).toBeGreaterThan(5);
    expect(wanted.circuit.length).toBeLessThan(20);
    expect(wanted.effects.size).toBeLessThan(46);
    for (const effect of wanted.effects.values()) expect(Math.abs(Math.abs(effect) - tau)).toBeGreaterThan(1e-4);
    expect(cellsOf(found['in_circuit']!.values)).toEqual(wanted.circuit);
    const effects = found['acdc.effects']!.values;
    expect([...effects.keys()].filter((cell) => !Number.isNaN(effects[cell])).sort((a, b) => a - b)).toEqual(
      [...wanted.effects.keys()].sort((a, b) => a - b),
    );
    const cells = [...wanted.effects.keys()];
    expect(
      relativeDifference(
        cells.map((cell) => effects[cell]!),
        cells.map((cell) => wanted.effects.get(cell)!),
      ),
    ).toBeLessThan(1e-4);
  });

  it('goes on wherever it is stopped as if it had not been, and leaves no tensor', async () => {
    const checkpoints: ShardArrays[] = [];
    const options = { method: 'acdc', tau: 0.05 };
    const whole = await search(options, { checkpoint: (arrays) => void checkpoints.push(arrays) });
    expect(checkpoints.length).toBeGreaterThan(5);
    const before = tf.memory().numTensors;
    for (const [at, resume] of checkpoints.entries()) {
      if (at % 3 !== 0) continue;
      const again = await search(options, { resume });
      expect(again).toEqual(whole);
    }
    let asked = 0;
    const throwIfCancelled = (): void => {
      if (++asked === 40) throw new Error('stopped');
    };
    await expect(search(options, { cancel: { throwIfCancelled } })).rejects.toThrow('stopped');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('gives the same where the runs of all pairs do not fit at a time', async () => {
    const { mask } = buildGraph(tiny.config, 'expanded');
    const start = Uint8Array.from(mask, (edge, cell) => (cell % 5 === 0 ? 0 : edge));
    const circuits = [3, 4, 7].map((every) => start.map((kept, cell) => (cell % every === 0 ? 0 : kept)));
    const run = (mostPairs: number) =>
      withReadings(async (readings) => {
        const options = { metric: 'logit-difference', kvHeads: 'expanded', ablation: 'corrupted' } as const;
        const opened = await ShardCircuits.open(tiny, shardOf(both), { ...options, ...going, readings, mostPairs });
        try {
          opened.startFrom(start);
          const values = await opened.run(circuits);
          return { values, baselines: opened.baselines };
        } finally {
          opened.dispose();
        }
      });
    const whole = await run(2);
    const before = tf.memory().numTensors;
    const parts = await run(1);
    expect(relativeDifference(parts.values, whole.values)).toBeLessThan(1e-6);
    expect(Object.keys(parts.baselines)).toEqual(['baseline.clean', 'baseline.corrupted', 'baseline.ablated']);
    for (const [name, { values }] of Object.entries(parts.baselines))
      expect(relativeDifference(values, whole.baselines[name]!.values), name).toBeLessThan(1e-6);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('takes away what a KL divergence grows by less than tau without, also where it shrinks', async () => {
    const own = parseSpec({
      ...{ kind: 'circuit-discovery', model: '.', pairs: 'given', metric: 'kl-divergence' },
      options: { method: 'acdc', tau: 0.05 },
    });
    const found = await executeShard(tiny, own, { ...shardOf(both), round: 'search' }, going);
    const effects = found['acdc.effects']!.values;
    const tested = [...effects.keys()].filter((cell) => !Number.isNaN(effects[cell]));
    expect(tested.some((cell) => effects[cell]! < -0.05)).toBe(true);
    for (const cell of tested) expect(found['in_circuit']!.values[cell]).toBe(effects[cell]! < 0.05 ? 0 : 1);
  });
});

describe('shards together', () => {
  let pools: EnginePool[];
  beforeAll(async () => {
    pools = await Promise.all([1, 2].map((workers) => openEnginePool({ backend: 'wasm', workers })));
  });
  afterAll(() => Promise.all(pools.map((pool) => pool.close())));

  const acdc = (more: object = {}) => spec({ method: 'acdc++', tau: 0.05, pruneTo: 40, ...more });

  it.each([{}, { kvHeads: 'native' }, { ablation: 'mean' }])('find what one alone does: %o', async (options) => {
    const [one, two] = await Promise.all(pools.map((pool) => runExperiment(acdc(options), { pool })));
    expect(two!.arrays['in_circuit']).toEqual(one!.arrays['in_circuit']);
    const measured = (array: NamedArray) => array.values.filter((value) => !Number.isNaN(value));
    const [some, same] = [measured(one!.arrays['effects']!), measured(two!.arrays['effects']!)];
    expect(relativeDifference(same, some)).toBeLessThan(1e-5);
    const { circuit } = one!.result;
    expect(circuit!.tested).toBe(some.length);
    expect(circuit!.passes).toBeGreaterThan(some.length);
    expect(circuit!.edges).toBeLessThan(40);
    expect(two!.result.circuit!.faithfulness).toBeCloseTo(circuit!.faithfulness!, 5);
  });

  it('do not hold each other up, nor others', async () => {
    const pool = pools[1]!;
    const alone = await runExperiment(acdc(), { pool });
    const attribution = parseSpec({ kind: 'attribution', model, pairs });
    const [first, between, second] = await Promise.all([
      runExperiment(acdc(), { pool }),
      runExperiment(attribution, { pool }),
      runExperiment(acdc(), { pool }),
    ]);
    for (const { arrays } of [first, second]) expect(arrays).toEqual(alone.arrays);
    expect(difference(between.arrays['scores'], reference['eap']!).relative).toBeLessThan(2e-4);
  });

  it('all end when they are cancelled, or when one of them fails, and leave the workers free', async () => {
    const pool = pools[1]!;
    const controller = new AbortController();
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      if (done / total > 0.4) controller.abort();
    };
    const cancelled = runExperiment(acdc(), { pool, signal: controller.signal, onProgress });
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' });

    const { source, shardSpec, dataSet } = await prepareExperiment(spec({ method: 'acdc', tau: 0.05 }));
    const [first, second] = planShards(dataSet.pairs, 1) as [Shard, Shard];
    const tasks = [first, second].map((shard) => ({ spec: shardSpec, shard: { ...shard, round: 'search' } }));
    const failing = [tasks[0]!, { ...tasks[1]!, shard: { ...second, round: 'none' } }];
    for (const order of [failing, failing.toReversed()])
      await expect(pool.runTogether(pool.place(source), order)).rejects.toThrow('"none" is no round');
    const tooMany = [...tasks, tasks[0]!];
    await expect(pool.runTogether(pool.place(source), tooMany)).rejects.toThrow('there are 2');
    const { result } = await runExperiment(acdc(), { pool });
    expect(result.circuit!.edges).toBeGreaterThan(0);
  });
});

describe('refuses', () => {
  const issues = (options: object): { path: string; message: string }[] => {
    try {
      spec(options);
      return [];
    } catch (error) {
      return (error as SpecError).issues;
    }
  };

  it.each([
    [{ method: 'acdc' }, 'options.tau', 'missing; "acdc" needs it'],
    [{ method: 'threshold' }, 'options.tau', 'missing; "threshold" needs it: the least |score|'],
    [{ method: 'acdc', tau: 0 }, 'options.tau', 'a threshold above 0'],
    [{ method: 'acdc++', tau: -1 }, 'options.tau', 'a threshold above 0'],
    [
      { method: 'acdc', tau: 0.1, pruneTo: 5 },
      'options.pruneTo',
      '5 has no effect on "acdc", which reads tau; leave it out',
    ],
    [{ method: 'acdc', tau: 0.1, scores: { method: 'eap' } }, 'options.scores', 'has no effect on "acdc"'],
    [{ tau: 0.1 }, 'options.tau', '0.1 has no effect on "greedy", which reads n and scores; leave it out'],
    [{ method: 'acdc++', tau: 0.1, n: 3 }, 'options.n', '3 has no effect on "acdc++"'],
    [{ n: 0 }, 'options.n', 'a number of edges, 1 or more'],
    [{ method: 'edge' }, 'options.method', 'top-n'],
  ])('%o', (options, path, message) => {
    expect(issues(options)).toEqual([{ path, message: expect.stringContaining(message) as string }]);
  });

  it('more edges than there are, and scores where the metric is flat', async () => {
    await expect(prepareExperiment(spec({ n: 497 }))).rejects.toMatchObject({
      issues: [{ path: 'options.n', message: "497 is more than the 496 edges of the model's expanded graph" }],
    });
    const flat = { method: 'acdc++', tau: 0.1 };
    await expect(prepareExperiment(spec(flat, { metric: 'kl-divergence' }))).rejects.toMatchObject({
      path: 'metric',
      message: expect.stringContaining('"kl-divergence" is least at the clean run') as string,
    });
    await prepareExperiment(spec({ ...flat, scores: { method: 'eap-ig' } }, { metric: 'kl-divergence' }));
  });
});
