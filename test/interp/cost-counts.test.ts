/**
 * The work that is counted before a run, held to what goes through the model's blocks while it runs: every row forwards and
 * backwards, of every kind of experiment. The functions that run blocks are the real ones, watched.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildGraph, encodeSafetensors, parseSpec, prepareExperiment, type PairSpec } from '@demur/interp';
import { Transformer } from '@demur/model/engine';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { countShard } from '../../libs/interp/src/cost/shard-work.ts';
import type { BlockWork } from '../../libs/interp/src/cost/work-count.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { roundsOf } from '../../libs/interp/src/kinds/index.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import { planShards } from '../../libs/interp/src/plan-shards.ts';
import type { NamedArray, ShardArrays } from '../../libs/interp/src/shard.ts';
import type * as Blocks from '../../libs/model/src/block.ts';
import type * as BlockVjps from '../../libs/model/src/block-vjp.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { tinyModel } from '../model/tiny-model.ts';

type Counted = Pick<BlockWork, 'calls' | 'rows' | 'keyRows'>;

/** What has gone through blocks since it was last cleared. */
const ran = vi.hoisted(() => ({
  forward: { calls: 0, rows: 0, keyRows: 0 },
  backward: { calls: 0, rows: 0, keyRows: 0 },
}));

vi.mock('../../libs/model/src/block.ts', async (original) => {
  const real = await original<typeof Blocks>();
  const watched = <
    A extends [unknown, { shape: number[] }, ...unknown[]],
    R extends { residPost: { shape: number[] } },
  >(
    run: (...args: A) => R,
  ) => {
    return (...args: A): R => {
      const result = run(...args);
      const rows = args[1].shape[0]!;
      ran.forward.calls++;
      ran.forward.rows += rows;
      ran.forward.keyRows += rows - result.residPost.shape[0]!;
      return result;
    };
  };
  return { ...real, runBlock: watched(real.runBlock), passBlock: watched(real.passBlock) };
});

vi.mock('../../libs/model/src/block-vjp.ts', async (original) => {
  const real = await original<typeof BlockVjps>();
  const blockVjp: typeof real.blockVjp = (block, tape, dResidPost, options) => {
    const { cells, positions } = options.group;
    ran.backward.calls++;
    ran.backward.rows += cells * positions;
    ran.backward.keyRows += cells * positions - dResidPost.shape[0];
    return real.blockVjp(block, tape, dResidPost, options);
  };
  return { ...real, blockVjp };
});

function clear(): void {
  for (const way of ['forward', 'backward'] as const) ran[way] = { calls: 0, rows: 0, keyRows: 0 };
}
afterEach(clear);

const folder = mkdtempSync(join(tmpdir(), 'demur-cost-'));
afterAll(() => rmSync(folder, { recursive: true }));

function pair(clean: number[], corrupted: number[]): PairSpec {
  return { clean: { tokens: clean }, corrupted: { tokens: corrupted }, answer: 58, distractor: 3 };
}

/** Shared and other beginnings, two lengths, and a pair that differs from the start. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 16, 24, 41, 9, 1]),
  pair([30, 8, 15, 16, 23, 42, 9, 2], [30, 8, 15, 16, 23, 42, 10, 2]),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1]),
  pair([5, 6, 7, 8, 9, 10, 11, 12], [6, 6, 7, 8, 9, 10, 11, 12]),
];

const { model: path } = goldenCase('llama_gqa_tied', 'plain');

describe('counted work', () => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel('llama_gqa_tied', 'tensorflow');
    const values = Float32Array.from({ length: model.config.dModel }, (_, i) => Math.sin(i));
    writeFileSync(join(folder, 'v.safetensors'), encodeSafetensors({ v: { shape: [values.length], values } }));
  });
  afterAll(() => model.dispose());

  /** Counts a spec's shards, and runs them; memory for activations as given. */
  async function both(spec: object, activationBytes = Infinity, of = pairs) {
    const parsed = parseSpec({ model: path, pairs: of, ...spec });
    const { shardSpec, dataSet } = await prepareExperiment(parsed, { resolveFile: (file) => join(folder, file) });
    const shards = planShards(dataSet.pairs, 3);
    const limited = new Transformer(model.config, model, { activationBytes });
    const { tapeBudgetBytes } = limited;
    const planned = { config: model.config, activationBytes, tapeBudgetBytes, pairs: dataSet.pairs };
    const counts = shards.map((shard) => countShard(shardSpec, shard, planned));
    clear();
    const given: Record<string, NamedArray> = {};
    for (const round of roundsOf(parsed)) {
      const results: { shard: (typeof shards)[0]; arrays: ShardArrays }[] = [];
      for (const shard of shards) {
        const running = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };
        const arrays = await executeShard(
          limited,
          shardSpec,
          { ...shard, round, given: { ...given } },
          running as never,
        );
        results.push({ shard, arrays });
      }
      Object.assign(given, mergeShards(parsed.kind, results));
    }
    const sum = (way: 'forward' | 'backward'): Counted => ({
      calls: counts.reduce((total, count) => total + count[way].calls, 0),
      rows: counts.reduce((total, count) => total + count[way].rows, 0),
      keyRows: counts.reduce((total, count) => total + count[way].keyRows, 0),
    });
    return { counted: { forward: sum('forward'), backward: sum('backward') }, ran: structuredClone(ran), counts };
  }

  const graph = () => buildGraph(model.config, 'expanded');
  const projection = { projection: { file: 'v.safetensors', name: 'v' }, layer: 1 };
  const direction = { file: 'v.safetensors', name: 'v' };

  const specs: Record<string, object> = {
    activations: { kind: 'activations', options: { names: ['blocks.*.hook_resid_pre'] } },
    'activations of an early layer': {
      kind: 'activations',
      metric: projection,
      options: { names: ['blocks.0.attn.hook_z'], logits: 'last' },
    },
    'activations with gradients': {
      kind: 'activations',
      options: { names: ['blocks.*.hook_resid_pre', 'blocks.*.mlp.hook_post'], gradients: true, logits: 'all' },
    },
    'gradients of one layer': {
      kind: 'activations',
      metric: projection,
      options: { names: ['blocks.1.hook_resid_pre'], gradients: true },
    },
    patching: {
      kind: 'activation-patching',
      options: { activations: ['resid_pre', 'resid_mid', 'attn_out', 'mlp_out', 'z', 'q', 'k', 'v', 'pattern'] },
    },
    'patching everywhere': {
      kind: 'activation-patching',
      options: { activations: ['resid_pre', 'z', 'v'], positions: 'all', direction: 'noising' },
    },
    'patching of roles': {
      kind: 'activation-patching',
      options: { activations: ['resid_post', 'z'], positions: ['difference', 'last', -2] },
    },
    'patching of all layers up to one': {
      kind: 'activation-patching',
      options: { activations: ['attn_out', 'mlp_out'], positions: ['difference', 'last'], layers: 'up-to' },
    },
    'patching for a KL divergence': { kind: 'activation-patching', metric: 'kl-divergence', options: {} },
    'patching for a projection': { kind: 'activation-patching', metric: projection, options: {} },
    eap: { kind: 'attribution', options: {} },
    'eap, native': { kind: 'attribution', options: { kvHeads: 'native', bootstrap: 10, perPosition: true } },
    'eap-ig': { kind: 'attribution', options: { method: 'eap-ig', steps: 3 } },
    'eap-ig, right': {
      kind: 'attribution',
      metric: projection,
      options: { method: 'eap-ig', steps: 3, grid: 'right' },
    },
    direction: { kind: 'direction', options: { layers: [1], position: [-1, -2] } },
    'direction with selection': { kind: 'direction', options: { select: true, position: ['difference', -1, -8] } },
    'direction of heads': { kind: 'direction', options: { method: 'heads', heads: ['a0.h1', 'a1.h0'], select: true } },
    steering: { kind: 'steering', options: { direction, layers: [1], coefficients: [-1, 0, 1] } },
    'steering with completions': {
      kind: 'steering',
      options: { direction, mode: 'ablate', layers: 'all', maxTokens: 4, logits: 'last' },
    },
    generation: { kind: 'generation', options: { maxTokens: 5, stopAtEos: false, run: 'corrupted' } },
    'generation with patches': {
      kind: 'generation',
      options: {
        ...{ maxTokens: 5, stopAtEos: false },
        patches: [
          { layers: [0, 1], positions: ['difference'] },
          { activation: 'mlp_out', layers: [1], positions: 'all' },
        ],
      },
    },
  };

  // Pairs of one length alone have columns that all have.
  const plain = (name: string) => (/-8|roles|selection/.test(name) ? pairs.filter((_, i) => i !== 3) : pairs);

  it.each(Object.keys(specs))('is what runs: %s', async (name) => {
    const result = await both(specs[name]!, Infinity, plain(name));
    expect(result.counted).toEqual(result.ran);
    expect(result.ran.forward.rows).toBeGreaterThan(0);
  });

  it.each(['patching everywhere', 'eap-ig', 'activations with gradients', 'direction with selection'])(
    'is what runs where memory is scarce: %s',
    async (name) => {
      const result = await both(specs[name]!, 2e5, plain(name));
      expect(result.counted).toEqual(result.ran);
    },
  );

  it.each([undefined, projection])('is what runs: edge-patching of every kind of edge, metric %j', async (metric) => {
    const { senders, receivers, mask } = graph();
    const names = [...mask.keys()].filter((at) => mask[at] === 1 && at % 7 === 0);
    const edges = names.map(
      (at) => `${senders[Math.floor(at / receivers.length)]}->${receivers[at % receivers.length]}`,
    );
    const result = await both({ kind: 'edge-patching', metric, options: { edges } }, 1e6);
    expect(result.counted).toEqual(result.ran);
  });

  const chosen: Record<string, object> = {
    'a head scan': { kind: 'head-scan', options: {} },
    'edges by score': { kind: 'circuit-discovery', options: { method: 'top-n', n: 20 } },
    'a curve': { kind: 'circuit-evaluation', options: { sizes: [5, 20, 80] } },
  };
  it.each(Object.keys(chosen))('is at least what runs, and little more, where scores choose: %s', async (name) => {
    const { counted, ran: wanted } = await both(chosen[name]!);
    expect(counted.backward).toEqual(wanted.backward);
    expect(counted.forward.rows).toBeGreaterThanOrEqual(wanted.forward.rows);
    expect(counted.forward.rows).toBeLessThan(1.5 * wanted.forward.rows);
  });

  it('is near to what runs where scores choose the edges to check', async () => {
    const { counted, ran: wanted } = await both({ kind: 'attribution', options: { checkExact: 10 } });
    expect(counted.backward).toEqual(wanted.backward);
    expect(counted.forward.rows / wanted.forward.rows).toBeGreaterThan(0.7);
    expect(counted.forward.rows / wanted.forward.rows).toBeLessThan(1.4);
  });
});
