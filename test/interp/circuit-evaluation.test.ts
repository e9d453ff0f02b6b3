/**
 * Circuits of a size, by `runExperiment`: what is said of their metrics, held to plain arithmetic; circuits by name, from
 * files and by scores, which are the same circuits; and what is refused.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import {
  buildGraph,
  edgeCells,
  edgeName,
  openEnginePool,
  parseSpec,
  prepareExperiment,
  runExperiment,
  writeResult,
  type EnginePool,
  type ExperimentResult,
  type Graph,
  type NamedArray,
} from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';

const { json, model, pairs, arrays: reference } = goldenCase('llama_gqa_tied', 'leftpad');
const shape = { nLayers: json.n_layers, nHeads: json.n_heads, nKvHeads: json.n_kv_heads };

let pool: EnginePool;
let folder: string;
beforeAll(async () => {
  pool = await openEnginePool({ backend: 'wasm', workers: 2 });
  folder = await mkdtemp(join(tmpdir(), 'demur-evaluation-'));
});
afterAll(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

function spec(options: object, others: object = {}) {
  return parseSpec({ kind: 'circuit-evaluation', model, pairs, options, ...others });
}

function run(options: object, others: object = {}): Promise<ExperimentResult> {
  return runExperiment(spec(options, others), { pool });
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((a, b) => a + b, 0) / values.length;
}

/** Names of the edges with the largest |score|, by comparing them all. */
function strongest(scores: Float32Array, graph: Graph, count: number): string[] {
  const cells = [...edgeCells(graph)].sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b);
  return cells.slice(0, count).map((cell) => edgeName(graph, cell));
}

describe('a curve', () => {
  let scores: Float32Array;
  let curve: ExperimentResult;
  const graph = buildGraph(shape, 'expanded');
  beforeAll(async () => {
    const attribution = parseSpec({ kind: 'attribution', model, pairs, options: { method: 'eap-ig' } });
    const scored = await runExperiment(attribution, { pool });
    scores = scored.arrays['scores']!.values;
    await writeResult(join(folder, 'scores'), scored);
    curve = await run({ select: 'top-n', completeness: true });
  });

  it("has MIB's sizes, and says of each what its metric says", () => {
    const { arrays, result } = curve;
    expect(Object.keys(arrays).sort()).toEqual(
      ['baseline.ablated', 'baseline.clean', 'baseline.corrupted', 'completeness', 'faithfulness', 'metric'].sort(),
    );
    // 0.1 % and 0.2 % of 496 edges are less than one.
    expect(result.sizes!.map(({ edges }) => edges)).toEqual([1, 2, 4, 9, 24, 49, 99, 248, 496]);
    expect(result).toMatchObject({ edges: 496, ablation: 'corrupted', senders: graph.senders });
    const [clean, ablated] = [arrays['baseline.clean']!.values, arrays['baseline.ablated']!.values];
    expect(relativeDifference(clean, reference['clean.metric']!.values)).toBeLessThan(1e-4);
    expect(relativeDifference(ablated, reference['corrupted.metric']!.values)).toBeLessThan(1e-4);
    const metric = arrays['metric']!;
    expect(metric.shape).toEqual([9, 2]);
    for (const [i, { edges, share, faithfulness }] of result.sizes!.entries()) {
      const wanted = (mean(metric.values.slice(2 * i, 2 * i + 2)) - mean(ablated)) / (mean(clean) - mean(ablated));
      expect(faithfulness).toBeCloseTo(wanted, 10);
      expect(arrays['faithfulness']!.values[i]).toBeCloseTo(faithfulness, 4);
      expect(share).toBe(edges / 496);
    }
    expect(result.sizes!.at(-1)!.faithfulness).toBeCloseTo(1, 5);
  });

  it('has the areas of the lines between its points', () => {
    const { sizes, cpr, cmd } = curve.result;
    /** By many thin strips. */
    const area = (of: (faithfulness: number) => number): number => {
      let sum = 0;
      for (const [i, right] of sizes!.slice(1).entries()) {
        const left = sizes![i]!;
        const strips = 1000;
        for (let strip = 0; strip < strips; strip++) {
          const at = (strip + 0.5) / strips;
          const height = of(left.faithfulness) * (1 - at) + of(right.faithfulness) * at;
          sum += (height * (right.share - left.share)) / strips;
        }
      }
      return sum;
    };
    expect(cpr).toBeCloseTo(
      area((value) => value),
      6,
    );
    expect(cmd).toBeCloseTo(
      area((value) => Math.abs(1 - value)),
      6,
    );
  });

  it('is of the circuits of the strongest edges, and of all edges but those', async () => {
    for (const at of [4, 6]) {
      const { edges, faithfulness, completeness } = curve.result.sizes![at]!;
      const names = strongest(scores, graph, edges);
      const byName = await run({ circuit: names });
      expect(byName.result.sizes).toHaveLength(1);
      expect(byName.result.cpr).toBeNull();
      expect(byName.result.sizes![0]).toMatchObject({ edges });
      expect(byName.result.sizes![0]!.faithfulness).toBeCloseTo(faithfulness, 4);
      const others = [...edgeCells(graph)].map((cell) => edgeName(graph, cell)).filter((name) => !names.includes(name));
      const complement = await run({ circuit: others });
      expect(complement.result.sizes![0]!.faithfulness).toBeCloseTo(completeness!, 4);
    }
  });

  it('is the same by scores in a file, of which the spec then has the hash', async () => {
    const scored = { file: join(folder, 'scores') };
    const { arrays, result } = await run({ select: 'top-n', scores: scored, sizes: [24, 99] });
    expect(Object.keys(arrays)).not.toContain('scores');
    const own = [...curve.arrays['metric']!.values];
    expect(relativeDifference(arrays['metric']!.values, [...own.slice(8, 10), ...own.slice(12, 14)])).toBeLessThan(
      1e-6,
    );
    expect(result.spec.options).toMatchObject({ scores: { sha256: expect.stringMatching(/^\w{64}$/) as string } });
    expect(result).toMatchObject({ cpr: null, cmd: null });
  });

  it('is of the same scores where the experiment that made them is named', async () => {
    const [byFile, byName] = await Promise.all(
      [{ file: join(folder, 'scores') }, { experiment: join(folder, 'scores') }].map((scores) =>
        prepareExperiment(spec({ scores })),
      ),
    );
    expect(byName!.given['scores']!.values).toEqual(scores);
    const { sha256 } = (byFile!.spec.options as { scores: { sha256: string } }).scores;
    expect(byName!.spec.options).toMatchObject({ scores: { experiment: join(folder, 'scores'), sha256 } });
    await expect(prepareExperiment(byName!.spec)).resolves.toMatchObject({ given: byName!.given });
    await expect(prepareExperiment(spec({ circuit: { experiment: join(folder, 'scores') } }))).rejects.toMatchObject({
      code: 'FOUND_EXPERIMENT',
      path: 'options.circuit',
      message: expect.stringContaining('found no circuit; give one of the kind "circuit-discovery"') as string,
    });
  });

  it('does not depend on the order of pairs, and has circuits that lead to the logits by default', async () => {
    const { arrays, result } = await run({ sizes: [30, 200, 496] });
    const turned = await run({ sizes: [30, 200, 496] }, { pairs: pairs.toReversed() });
    const own = turned.arrays['metric']!.values.map((_, at, all) => all[at ^ 1]!);
    expect(relativeDifference(own, arrays['metric']!.values)).toBeLessThan(1e-6);
    expect((result.spec.options as { select: string }).select).toBe('greedy');
  });

  it('reads a circuit from a file and from the folder of a discovery, and converts its key and value edges', async () => {
    const discovery = { kind: 'circuit-discovery', model, pairs, options: { method: 'greedy', n: 60 } };
    const found = await runExperiment(parseSpec(discovery), { pool });
    await writeResult(join(folder, 'found'), found);
    const kept = found.arrays['in_circuit']!.values;
    const names = [...edgeCells(graph)].filter((cell) => kept[cell] === 1).map((cell) => edgeName(graph, cell));
    const byFolder = await run({ circuit: { file: join(folder, 'found') } });
    const wanted = found.arrays['circuit.metric']!.values;
    expect(relativeDifference(byFolder.arrays['metric']!.values, wanted)).toBeLessThan(1e-6);
    expect(byFolder.result.sizes![0]!.edges).toBe(names.length);
    expect(byFolder.result.spec.options).toMatchObject({
      circuit: { sha256: expect.stringMatching(/^\w{64}$/) as string },
    });
    const again = await prepareExperiment(byFolder.result.spec);
    expect(again.given['in_circuit']!.values).toEqual(Float32Array.from(kept));
    const named = await prepareExperiment(spec({ circuit: { experiment: join(folder, 'found') } }));
    expect(named.given).toEqual(again.given);
    const { sha256 } = (again.spec.options as { circuit: { sha256: string } }).circuit;
    expect(named.spec.options).toMatchObject({ circuit: { experiment: join(folder, 'found'), sha256 } });
    const foreign = goldenCase('llama_mha', 'plain');
    const elsewhere = parseSpec({ ...named.spec, model: foreign.model, pairs: foreign.pairs });
    await expect(prepareExperiment(elsewhere)).rejects.toMatchObject({
      code: 'FOUND_EXPERIMENT',
      path: 'options.circuit',
      message: expect.stringContaining('is of another model') as string,
    });
    const other = { file: join(folder, 'found'), sha256: '0'.repeat(64) };
    await expect(prepareExperiment(spec({ circuit: other }))).rejects.toThrow(/it has changed; leave out "sha256"/);

    const nativeGraph = buildGraph(shape, 'native');
    const native = ['input->a0.kv0<k>', 'input->m0', 'm0->a1.kv1<v>', 'a1.h2->logits', 'm0->logits'];
    const all = [...edgeCells(nativeGraph)].map((cell) => edgeName(nativeGraph, cell));
    const lines = all.map((name) => JSON.stringify({ name, score: 1, inCircuit: native.includes(name) }));
    const file = join(folder, 'native.ndjson');
    await writeFile(file, `${lines.join('\n')}\n`);
    const expanded = await run({ circuit: { file } });
    // Three of them, and the copies of two for the three heads that share each.
    expect(expanded.result.sizes![0]!.edges).toBe(9);
    const asNative = await run({ circuit: native, kvHeads: 'native' });
    const [ofFile, byName] = [expanded, asNative].map(({ arrays }) => arrays['metric']!.values);
    expect(relativeDifference(ofFile!, byName!)).toBeLessThan(1e-5);
  });
});

describe('edges that carry a mean', () => {
  it('carry of each sender the mean over positions and pairs, of prompts of different lengths', async () => {
    const { arrays } = await run({ circuit: ['input->logits'], ablation: 'mean' });
    expect(Object.keys(arrays).filter((name) => name.startsWith('mean.'))).toEqual([]);
    const tiny = await tinyModel('llama_gqa_tied', 'wasm');
    tf.engine().startScope();
    const names = Array.from({ length: shape.nLayers }, (_, l) => [
      blockHook(l, 'hook_attn_out'),
      blockHook(l, 'hook_mlp_out'),
    ]).flat();
    const first = blockHook(0, 'hook_resid_pre');
    const sums = pairs.map(({ corrupted }) => {
      const { tokens } = corrupted as { tokens: number[] };
      const { activations } = tiny.forward([tokens], { capture: [first, ...names] });
      const means = [...activations].map(([name, x]) => [name, x.mean(1)] as const);
      return { input: means.find(([name]) => name === first)![1], all: means.map(([, x]) => x) };
    });
    const average = (of: tf.Tensor[]): tf.Tensor => of.reduce((a, b) => a.add(b)).div(pairs.length);
    const inputs = average(sums.map(({ input }) => input));
    const whole = average(sums.map(({ all }) => all.reduce((a, b) => a.add(b))));
    const metricOf = async (i: number, rows: tf.Tensor): Promise<number> => {
      const { tokens } = pairs[i]!.clean as { tokens: number[] };
      const final = blockHook(shape.nLayers - 1, 'hook_resid_post');
      const hooks = { [final]: (x: tf.Tensor) => x.mul(0).add(rows) };
      const values = await tiny.forward([tokens], { hooks }).logits!.data();
      return values[json.answer_token[i]!]! - values[json.other_token[i]!]!;
    };
    const ablated = [await metricOf(0, whole), await metricOf(1, whole)];
    const kept: number[] = [];
    for (const [i, { clean }] of pairs.entries()) {
      const { tokens } = clean as { tokens: number[] };
      const { activations } = tiny.forward([tokens], { capture: [first] });
      kept.push(await metricOf(i, whole.sub(inputs).add(activations.get(first)!)));
    }
    tf.engine().endScope();
    tiny.dispose();
    expect(relativeDifference(arrays['baseline.ablated']!.values, ablated)).toBeLessThan(1e-4);
    expect(relativeDifference(arrays['metric']!.values, kept)).toBeLessThan(1e-4);
  });

  it('carry zero where that is asked for, and the corrupted baseline stays that of the corrupted run', async () => {
    const zero = await run({ sizes: [99, 496], ablation: 'zero' });
    const values = (array: NamedArray | undefined): Float32Array => array!.values;
    // Nothing reaches the logits of a model without biases.
    expect([...values(zero.arrays['baseline.ablated'])]).toEqual([0, 0]);
    const corrupted = reference['corrupted.metric']!.values;
    expect(relativeDifference(values(zero.arrays['baseline.corrupted']), corrupted)).toBeLessThan(1e-4);
    const all = values(zero.arrays['metric']).slice(2);
    expect(relativeDifference(all, values(zero.arrays['baseline.clean']))).toBeLessThan(1e-5);
  });
});

describe('refusals', () => {
  const refused = (options: object): unknown => {
    try {
      spec(options);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  it.each<[object, string, RegExp]>([
    [{ circuit: [] }, 'options.circuit', /a list of edges such as "m0->a1\.h2<q>"/],
    [{ circuit: ['m0->m1', 'm0->m1'] }, 'options.circuit', /a list without repeated edges/],
    [{ circuit: ['m0->m1'], sizes: [5] }, 'options.sizes', /has no effect on a circuit that is given/],
    [{ circuit: ['m0->m1'], select: 'greedy' }, 'options.select', /has no effect on a circuit that is given/],
    [{ sizes: [5, 5] }, 'options.sizes', /each larger than the one before/],
    [{ sizes: [0, 5] }, 'options.sizes[0]', /a number of edges, 1 or more/],
    [{ ablation: 'noise' }, 'options.ablation', /"corrupted", "zero", "mean"/],
  ])('refuses %j', (options, path, message) => {
    expect(refused(options)).toMatchObject({ issues: [{ path, message: expect.stringMatching(message) as string }] });
  });

  it.each<[object, string, string]>([
    [{ sizes: [5, 497] }, 'options.sizes[1]', "497 is more than the 496 edges of the model's expanded graph"],
    [
      { circuit: ['m0->m1', 'm9->logits'] },
      'options.circuit[1]',
      '"m9->logits": there is no sender m9; the model has input, a0.h0, a0.h1 ... m2',
    ],
    [
      { circuit: ['m0->a1.h2<k>'], kvHeads: 'native' },
      'options.circuit[0]',
      '"m0->a1.h2<k>": there is no receiver a1.h2<k> in the native graph; the model has a0.h0<q>, a0.h1<q>, a0.h2<q> ... logits',
    ],
  ])('refuses %j for this model', async (options, path, message) => {
    await expect(prepareExperiment(spec(options))).rejects.toMatchObject({ issues: [{ path, message }] });
  });

  it('refuses files without a circuit, of another model, and that are not there', async () => {
    const write = async (name: string, lines: object[]): Promise<{ file: string }> => {
      const file = join(folder, name);
      await writeFile(file, `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`);
      return { file };
    };
    const edgesOf = (graph: Graph, kept: boolean): object[] =>
      [...edgeCells(graph)].map((cell) => ({ name: edgeName(graph, cell), score: 0.5, inCircuit: kept }));
    const refusal = async (circuit: object, message: RegExp): Promise<void> => {
      const attempt = prepareExperiment(spec({ circuit }));
      await expect(attempt).rejects.toMatchObject({ code: 'INVALID_SPEC', path: 'options.circuit' });
      await expect(attempt).rejects.toThrow(message);
    };
    const plain = await write('plain.ndjson', edgesOf(buildGraph(shape, 'expanded'), false));
    await refusal(plain, /plain\.ndjson has no circuit, only scores at most; give it as "scores"/);
    const larger = await write('larger.ndjson', edgesOf(buildGraph({ ...shape, nLayers: 4 }, 'expanded'), true));
    await refusal(
      larger,
      /a circuit of \d+ senders and \d+ receivers; the expanded graph of this model has 22 senders/,
    );
    await refusal({ file: join(folder, 'none.json') }, /cannot read .*none\.json/);
  });

  it('refuses pairs whose metric has one mean in the clean and the ablated run', async () => {
    const [first] = pairs as [(typeof pairs)[number]];
    const turned = { ...first, clean: first.corrupted, corrupted: first.clean };
    await expect(run({ sizes: [5] }, { pairs: [first, turned] })).rejects.toMatchObject({
      code: 'FAITHFULNESS_UNDEFINED',
      path: 'pairs',
      message: expect.stringMatching(
        /mean over the pairs is .* both in the clean run and with all edges ablated/,
      ) as string,
    });
  });
});
