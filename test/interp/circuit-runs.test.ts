/**
 * Runs of circuits against a plain implementation, in which every receiver's input is made by itself and put into whole
 * forward passes by hooks; and what has to hold: all edges are the clean run, none the ablated, one left out is exact patching.
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type HookName, type ModelConfig } from '@demur/model';
import type { Hooks, Transformer } from '@demur/model/engine';
import { buildGraph, type Graph, type KvHeads } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCircuitRuns } from '../../libs/interp/src/circuit-runs/circuit-runs.ts';
import type { Ablation } from '../../libs/interp/src/circuit-runs/ablation.ts';
import { cellsOfEdges } from '../../libs/interp/src/edges/edge-cells.ts';
import { edgeNames } from '../../libs/interp/src/edges/edge-list.ts';
import { patchEdges } from '../../libs/interp/src/edges/edge-patching.ts';
import { openMetric } from '../../libs/interp/src/metrics/open-metric.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { CancelToken, ResolvedPair } from '../../libs/interp/src/shard.ts';
import { pairBlocks, type PairBlock } from '../../libs/interp/src/suffix/pair-block.ts';
import { randomModel } from '../model/random-model.ts';
import { randomValues, relativeDifference, tinyModel } from '../model/tiny-model.ts';

function pair(clean: number[], corrupted: number[]): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference };
}

/** Two pairs of a shared beginning, one of another beginning, one that is shorter. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 16, 25, 40, 9, 1]),
  pair([30, 8, 15, 16, 23, 42, 9, 2], [30, 8, 15, 16, 51, 42, 9, 2]),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1]),
];

/** Norms of queries and keys, a window, and rotations that depend on the length of the whole prompt. */
const stretched: Partial<ModelConfig> = {
  attention: { scale: 0.4, softcap: null, windows: [null, 4, null], qkNorm: true },
  positions: { kind: 'rotary', theta: 1000, scaling: { kind: 'dynamic', factor: 2, originalContext: 4 } },
};

const going: CancelToken = { throwIfCancelled: () => undefined };

/** Edges of a graph, each kept with a probability. */
function randomCircuit(graph: Graph, share: number, seed: number): Uint8Array {
  const draws = randomValues(graph.mask.length, seed);
  return Uint8Array.from(graph.mask, (edge, cell) => (edge === 1 && draws[cell]! < 2 * share - 1 ? 1 : 0));
}

const models = [
  ['llama_gqa_tied', 'tensorflow'],
  ['llama_gqa_tied', 'wasm'],
  ['gemma2', 'wasm'],
  ['gpt2', 'wasm'],
  ['stretched', 'wasm'],
] as const;

describe.each(models)('%s, %s', (name, backend) => {
  let model: Transformer;
  let means: Exclude<Ablation, string>;
  beforeAll(async () => {
    model = await (name === 'stretched' ? randomModel(stretched, backend) : tinyModel(name, backend));
    const { nLayers, nHeads, dHead, dModel } = model.config;
    const some = (shape: number[], seed: number) => ({
      shape,
      values: randomValues(
        shape.reduce((a, b) => a * b),
        seed,
      ),
    });
    means = {
      input: some([dModel], 1),
      z: some([nLayers, nHeads * dHead], 2),
      mlpOut: some([nLayers, dModel], 3),
    };
  });
  afterAll(() => model.dispose());

  const blocks = pairBlocks(pairs.map((p, place) => ({ place, pair: p })));
  const graphOf = (kvHeads: KvHeads): Graph => buildGraph(model.config, kvHeads);

  interface RunOptions {
    kvHeads?: KvHeads;
    ablation?: Ablation;
    atOnce?: number;
    cancel?: CancelToken;
    metric?: Parameters<typeof openMetric>[1];
    /** A circuit to start from. */
    base?: Uint8Array;
  }

  async function run(block: PairBlock, circuits: Uint8Array[], options: RunOptions = {}) {
    const { metric = 'logit-difference', base, ...others } = options;
    return withReadings(async (readings) => {
      const opened = await openMetric(model, metric, { pairs: block.pairs, readings });
      const of = { kvHeads: 'expanded', ablation: 'corrupted', cancel: going, ...others } as const;
      const runs = await openCircuitRuns(model, block, { ...of, metric: opened, readings });
      try {
        if (base !== undefined) runs.startFrom(base);
        return { ...runs.baselines, circuits: await runs.run(circuits) };
      } finally {
        runs.dispose();
      }
    });
  }

  /** One activation of a pass from `layer` on that starts with `resid`, [sequence, position, dModel] of as many clean prompts as that has. */
  function activation(
    block: PairBlock,
    { layer, resid, hooks = {}, at }: { layer: number; resid: tf.Tensor; hooks?: Hooks; at: HookName },
  ): tf.Tensor {
    const sequences = Array.from(
      { length: resid.shape[0]! },
      (_, i) => block.pairs[i % block.pairs.length]!.pair.clean,
    );
    const start = { [blockHook(layer, 'hook_resid_pre')]: () => resid, ...hooks };
    const { activations } = model.forward(sequences, { hooks: start, capture: [at], logitsAt: 'none' });
    return activations.get(at)!;
  }

  /** What senders write: heads [pair, position, H, dModel], others [pair, position, dModel]. */
  interface Written {
    input: tf.Tensor;
    results: tf.Tensor[];
    mlps: tf.Tensor[];
  }

  const layersOf = (): number[] => Array.from({ length: model.config.nLayers }, (_, layer) => layer);

  function plainRun({ pairs: placed }: PairBlock, side: 'clean' | 'corrupted'): Written {
    const first = blockHook(0, 'hook_resid_pre');
    const capture = layersOf().flatMap((l) => [blockHook(l, 'attn.hook_result'), blockHook(l, 'hook_mlp_out')]);
    const { activations } = model.forward(
      placed.map(({ pair: p }) => p[side]),
      { capture: [first, ...capture], logitsAt: 'none' },
    );
    return {
      input: activations.get(first)!,
      results: layersOf().map((l) => activations.get(blockHook(l, 'attn.hook_result'))!),
      mlps: layersOf().map((l) => activations.get(blockHook(l, 'hook_mlp_out'))!),
    };
  }

  function ablatedRun(block: PairBlock, ablation: Ablation): Written {
    const corrupted = plainRun(block, 'corrupted');
    if (ablation === 'corrupted') return corrupted;
    const { input, results, mlps } = corrupted;
    const zero = (x: tf.Tensor): tf.Tensor => tf.zerosLike(x);
    if (ablation === 'zero') return { input: zero(input), results: results.map(zero), mlps: mlps.map(zero) };
    const { nHeads, dHead, dModel } = model.config;
    const resultOf = (layer: number): tf.Tensor => {
      const z = ablation.z.values.slice(layer * nHeads * dHead, (layer + 1) * nHeads * dHead);
      const rows = tf.tensor(z, [1, 1, nHeads, dHead]).add(tf.zeros([block.pairs.length, block.length, nHeads, dHead]));
      const hooks = { [blockHook(layer, 'attn.hook_z')]: () => rows };
      return activation(block, { layer, resid: input, hooks, at: blockHook(layer, 'attn.hook_result') });
    };
    const filled = (x: tf.Tensor, values: Float32Array, layer: number): tf.Tensor =>
      zero(x).add(tf.tensor(values.slice(layer * dModel, (layer + 1) * dModel), [1, 1, dModel]));
    return {
      input: filled(input, ablation.input.values, 0),
      results: results.map((_, layer) => resultOf(layer)),
      mlps: mlps.map((x, layer) => filled(x, ablation.mlpOut.values, layer)),
    };
  }

  /** The metric of a circuit, [pair]: each receiver's input put together by itself and run by hooks. */
  async function bruteForce(
    block: PairBlock,
    circuit: Uint8Array,
    { kvHeads, ablation }: { kvHeads: KvHeads; ablation: Ablation },
  ): Promise<number[]> {
    const graph = graphOf(kvHeads);
    const { nLayers, nHeads, nKvHeads } = model.config;
    const [clean, ablated] = [plainRun(block, 'clean'), ablatedRun(block, ablation)];
    const running: Written = { input: clean.input, results: [], mlps: [] };
    const heads = Array.from({ length: nHeads }, (_, h) => h);
    const keeps = (sender: string, receiver: string): boolean =>
      circuit[graph.senders.indexOf(sender) * graph.receivers.length + graph.receivers.indexOf(receiver)] === 1;

    /** What attention adds beside its heads. */
    const biases = layersOf().map((layer) => {
      const of = (hook: 'hook_attn_out' | 'attn.hook_result'): tf.Tensor =>
        activation(block, { layer, resid: clean.input, at: blockHook(layer, hook) });
      return of('hook_attn_out').sub(of('attn.hook_result').sum(2));
    });

    /** What attention of a layer adds: of heads that run, and others that are ablated. */
    const attnOut = (layer: number, receiver: string): tf.Tensor => {
      const isKept = heads.map((h) => keeps(`a${layer}.h${h}`, receiver));
      const [own, other] = [running.results[layer]!, ablated.results[layer]!];
      const mixed = tf.where(tf.tensor(isKept, [1, 1, nHeads, 1], 'bool').broadcastTo(own.shape), own, other);
      if (!model.config.postNorms) return mixed.sum(2).add(biases[layer]!);
      const hooks = { [blockHook(layer, 'attn.hook_result')]: () => mixed };
      return activation(block, { layer, resid: clean.input, hooks, at: blockHook(layer, 'hook_attn_out') });
    };
    const inputOf = (receiver: string, [attns, mlps]: [number, number]): tf.Tensor => {
      let input = keeps('input', receiver) ? running.input : ablated.input;
      for (let l = 0; l < attns; l++) input = input.add(attnOut(l, receiver));
      for (let l = 0; l < mlps; l++) input = input.add((keeps(`m${l}`, receiver) ? running : ablated).mlps[l]!);
      return input;
    };
    /** Every head in sequences of its own, which have its queries, keys and values. */
    const headResults = (layer: number): tf.Tensor => {
      const shared = (h: number): string =>
        kvHeads === 'native' ? `kv${Math.floor((h * nKvHeads) / nHeads)}` : `h${h}`;
      const ports = (['q', 'k', 'v'] as const).map((port) => {
        const inputs = heads.map((h) =>
          inputOf(`a${layer}.${port === 'q' ? `h${h}` : shared(h)}<${port}>`, [layer, layer]),
        );
        const at = blockHook(layer, `attn.hook_${port}`);
        const read = activation(block, { layer, resid: tf.concat(inputs, 0), at });
        return [at, () => read];
      });
      const hooks = Object.fromEntries(ports) as Hooks;
      const resid = clean.input.tile([nHeads, 1, 1]);
      const results = activation(block, { layer, resid, hooks, at: blockHook(layer, 'attn.hook_result') });
      const count = block.pairs.length;
      return tf.concat(
        heads.map((h) => results.slice([h * count, 0, h, 0], [count, -1, 1, -1])),
        2,
      );
    };
    for (let l = 0; l < nLayers; l++) {
      running.results.push(headResults(l));
      const input = inputOf(`m${l}`, [l + 1, l]);
      const hooks = { [blockHook(l, 'hook_resid_mid')]: () => input };
      running.mlps.push(activation(block, { layer: l, resid: clean.input, hooks, at: blockHook(l, 'hook_mlp_out') }));
    }
    const final = inputOf('logits', [nLayers, nLayers]);
    const hooks = { [blockHook(nLayers - 1, 'hook_resid_post')]: () => final };
    const { logits } = model.forward(
      block.pairs.map(({ pair: p }) => p.clean),
      { hooks },
    );
    const values = (await logits!.array()) as number[][];
    return block.pairs.map(({ pair: p }, i) => values[i]![p.answer]! - values[i]![p.distractor]!);
  }

  /** Held to the plain implementation. */
  async function expectExact(
    block: PairBlock,
    circuits: Uint8Array[],
    options: { kvHeads: KvHeads; ablation: Ablation },
  ): Promise<void> {
    const found = await run(block, circuits, options);
    tf.engine().startScope();
    const wanted: number[] = [];
    for (const circuit of circuits) wanted.push(...(await bruteForce(block, circuit, options)));
    tf.engine().endScope();
    expect(relativeDifference(found.circuits, wanted)).toBeLessThan(2e-5);
  }

  it('gives what single passes give, of the expanded graph', async () => {
    const graph = graphOf('expanded');
    // All edges but some into the last layer: what comes before runs clean.
    const columns = graph.receivers.length;
    const some = randomCircuit(graph, 0.6, 9);
    const late = some.map((kept, cell) => (cell % columns < (2 * columns) / 3 ? graph.mask[cell]! : kept));
    const options = { kvHeads: 'expanded', ablation: 'corrupted' } as const;
    await expectExact(blocks[1]!, [randomCircuit(graph, 0.5, 7), late], options);
    await expectExact(blocks[0]!, [randomCircuit(graph, 0.7, 6)], options);
  });

  it('gives what single passes give, of the native graph', async () => {
    const circuits = [randomCircuit(graphOf('native'), 0.8, 3)];
    await expectExact(blocks[1]!, circuits, { kvHeads: 'native', ablation: 'corrupted' });
  });

  it('gives what single passes give where other edges carry zero or a mean', async () => {
    const circuits = [randomCircuit(graphOf('expanded'), 0.7, 5)];
    for (const ablation of ['zero', means] as const)
      await expectExact(blocks[1]!, circuits, { kvHeads: 'expanded', ablation });
  });

  it('is the clean run with all edges, the ablated one with none, and exact patching with all but one', async () => {
    const graph = graphOf('expanded');
    const block = blocks[1]!;
    const all = Uint8Array.from(graph.mask);
    const names = edgeNames('all', graph).filter((_, i) => i % 9 === 0);
    const without = names.map((name) => {
      const [sender, receiver] = name.split('->') as [string, string];
      return all.with(graph.senders.indexOf(sender) * graph.receivers.length + graph.receivers.indexOf(receiver), 0);
    });
    for (const ablation of ['corrupted', 'zero', means] as const) {
      const { clean, ablated, circuits } = await run(block, [all, all.map(() => 0)], { ablation });
      expect(relativeDifference(circuits, [...clean, ...ablated])).toBeLessThan(1e-5);
      if (ablation !== 'corrupted') expect(relativeDifference(ablated, clean)).toBeGreaterThan(0.1);
    }
    const { clean, corrupted, ablated, circuits } = await run(block, without);
    expect(ablated).toEqual(corrupted);
    const { effects } = await withReadings(async (readings) => {
      const metric = await openMetric(model, 'logit-difference', { pairs: block.pairs, readings });
      const cells = cellsOfEdges(names, graph, model.config);
      return patchEdges(model, block, {
        ...{ cells, kvHeads: 'expanded', metric, readings, cancel: going, onStep: () => undefined },
      });
    });
    const changed = circuits.map((value, at) => value - clean[at % 3]!);
    expect(relativeDifference(changed, effects)).toBeLessThan(1e-4);
  });

  it('gives the same numbers for one circuit or one pair at a time', async () => {
    const graph = graphOf('expanded');
    const circuits = [0.3, 0.95, 0.6, 0.05, 1].map((share, seed) => randomCircuit(graph, share, seed));
    const [, block] = blocks as [PairBlock, PairBlock];
    const together = (await run(block, circuits)).circuits;
    for (const atOnce of [1, 2])
      expect(relativeDifference((await run(block, circuits, { atOnce })).circuits, together)).toBeLessThan(1e-5);
    for (const [i, placed] of block.pairs.entries()) {
      const alone = await run(pairBlocks([placed])[0]!, circuits);
      const own = together.filter((_, at) => at % block.pairs.length === i);
      expect(relativeDifference(alone.circuits, own)).toBeLessThan(1e-5);
    }
  });

  it.each(['expanded', 'native'] as const)('gives the same from the run of another circuit, %s', async (kvHeads) => {
    const graph = graphOf(kvHeads);
    const columns = graph.receivers.length;
    const base = randomCircuit(graph, 0.6, 2);
    const others = randomCircuit(graph, 0.5, 6);
    // Other receivers from a layer on, fewer edges there, all of them others; and itself.
    const from = (layer: number) =>
      base.map((kept, cell) => (cell % columns < (layer * columns) / 3 ? kept : others[cell]!));
    const circuits = [from(1), from(2), from(2).map((kept, cell) => kept & base[cell]!), others, base];
    const ablation = kvHeads === 'native' ? ('zero' as const) : ('corrupted' as const);
    for (const block of blocks) {
      const plain = (await run(block, circuits, { kvHeads, ablation })).circuits;
      for (const start of [base, Uint8Array.from(graph.mask), base.map(() => 0)]) {
        const found = (await run(block, circuits, { kvHeads, ablation, base: start })).circuits;
        expect(relativeDifference(found, plain)).toBeLessThan(1e-5);
      }
    }
  });

  it('reads a metric of an earlier layer there: later edges do nothing', async () => {
    const graph = graphOf('expanded');
    const values = Array.from({ length: model.config.dModel }, (_, i) => Math.sin(i));
    const metric = { projection: { values }, layer: 1 };
    const circuit = randomCircuit(graph, 0.8, 4);
    const pruned = circuit.map((kept, cell) => {
      const [row, column] = [Math.floor(cell / graph.receivers.length), cell % graph.receivers.length];
      return /^[am]2/.test(graph.senders[row]!) || /^[am]2/.test(graph.receivers[column]!) ? 0 : kept;
    });
    const { clean, circuits } = await run(blocks[1]!, [circuit, pruned, Uint8Array.from(graph.mask)], { metric });
    expect(circuits.slice(3, 6)).toEqual(circuits.slice(0, 3));
    expect(relativeDifference(circuits.slice(6), clean)).toBeLessThan(1e-5);
    expect(relativeDifference(circuits.slice(0, 3), clean)).toBeGreaterThan(1e-2);
  });

  it('leaves no tensor behind, also when it is cancelled on the way', async () => {
    const circuits = [0.5, 0.9].map((share, seed) => randomCircuit(graphOf('expanded'), share, seed));
    const base = circuits[1]!;
    await run(blocks[1]!, circuits);
    const before = tf.memory().numTensors;
    await run(blocks[1]!, circuits, { base });
    for (const at of [2, model.config.nLayers + 2, 2 * model.config.nLayers]) {
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (++asked === at) throw new Error('cancelled');
      };
      await expect(run(blocks[1]!, circuits, { base, cancel: { throwIfCancelled } })).rejects.toThrow('cancelled');
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});
