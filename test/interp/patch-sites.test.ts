/**
 * Every site that can be patched, at every kind of position, against whole forward passes of the destination in which a
 * hook puts the source's activation.
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type BlockHook, type ModelConfig } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { PATCH_SITES, headsOfSite, type PatchSite } from '../../libs/interp/src/patching/site-names.ts';
import type { ResolvedPair, ShardArrays, ShardOptions } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';

function pair(clean: number[], corrupted: number[], roles: Record<string, number[]>): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference, roles };
}

/** A shared beginning, another beginning, a shorter prompt, a difference from the start; roles next to each other and apart. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1], { apart: [4, 6] }),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 17, 24, 41, 9, 1], { apart: [1, 3, 5] }),
  pair([30, 8, 15, 16, 23, 42, 9, 2], [30, 8, 15, 16, 23, 42, 10, 2], { apart: [3, 4, 6] }),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1], { apart: [0, 4] }),
  pair([5, 6, 7, 8, 9, 10, 11, 12], [6, 6, 7, 8, 9, 10, 11, 12], { apart: [0, 2] }),
];
const columns = 8;

type Positions = 'each' | 'all' | 'last' | (number | string)[];

/** The positions of a pair that each slot stands for, written out; null where the pair has no token there. */
function slotsOf(positions: Positions, p: ResolvedPair): (readonly number[] | null)[] {
  const pads = columns - p.clean.length;
  const every = p.clean.map((_, at) => at);
  if (positions === 'each') return Array.from({ length: columns }, (_, c) => (c < pads ? null : [c - pads]));
  if (positions === 'all') return [every];
  if (positions === 'last') return [[p.clean.length - 1]];
  return positions.map((position) => {
    if (position === 'difference') return every.filter((at) => p.clean[at] !== p.corrupted[at]);
    if (typeof position === 'string') return p.roles![position]!;
    return [position < 0 ? p.clean.length + position : position - pads];
  });
}

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

function hookOf(site: PatchSite): BlockHook {
  return headsOfSite(site, { nHeads: 1, nKvHeads: 1 }) === null
    ? (`hook_${site}` as BlockHook)
    : (`attn.hook_${site}` as BlockHook);
}

/** Norms of queries and keys, a window, and rotations that depend on the length of the whole prompt. */
const stretched: Partial<ModelConfig> = {
  attention: { scale: 0.4, softcap: null, windows: [null, 4, null], qkNorm: true },
  positions: { kind: 'rotary', theta: 1000, scaling: { kind: 'dynamic', factor: 2, originalContext: 4 } },
};

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'wasm'],
  ['gpt2', 'wasm'],
  ['stretched', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await (name === 'stretched' ? randomModel(stretched, backend) : tinyModel(name, backend));
  });
  afterAll(() => model.dispose());

  function run(options: object, of = pairs): Promise<ShardArrays> {
    const shard = { index: 0, pairs: of.map((p, index) => ({ index, pair: p })), columns, pairCount: of.length };
    const spec = parseSpec({ model: '.', pairs: 'given', kind: 'activation-patching', options });
    return executeShard(model, spec, shard, going);
  }

  interface Cell {
    head: number;
    positions: readonly number[];
  }

  /** The metric of one whole pass, a cell a row of its batch. */
  async function bruteForce(
    p: ResolvedPair,
    { site, layer, noising }: { site: PatchSite; layer: number; noising: boolean },
    cells: readonly Cell[],
  ): Promise<number[]> {
    const [to, from] = noising ? [p.clean, p.corrupted] : [p.corrupted, p.clean];
    const at = blockHook(layer, hookOf(site));
    const source = model.forward([from], { capture: [at] });
    const heads = headsOfSite(site, model.config) ?? 1;
    const taken = cells.flatMap((cell) =>
      Array.from({ length: heads * to.length }, (_, i) => {
        const [head, position] =
          site === 'pattern' ? [Math.floor(i / to.length), i % to.length] : [i % heads, Math.floor(i / heads)];
        return head === cell.head && cell.positions.includes(position);
      }),
    );
    const put = (x: tf.Tensor): tf.Tensor => {
      const shape = x.rank === 3 ? x.shape.with(2, 1) : x.shape.with(3, 1);
      const from = source.activations.get(at)!.broadcastTo(x.shape);
      return tf.where(tf.tensor(taken, shape, 'bool').broadcastTo(x.shape), from, x);
    };
    const patched = model.forward(
      cells.map(() => to),
      { hooks: { [at]: put } },
    );
    const logits = await patched.logits!.data();
    patched.dispose();
    source.dispose();
    const { dVocab } = model.config;
    return cells.map((_, row) => logits[row * dVocab + p.answer]! - logits[row * dVocab + p.distractor]!);
  }

  /** A site's whole array by brute force: [layer, (head,) slot, pair]. */
  async function wantedOf(site: PatchSite, positions: Positions, noising: boolean): Promise<Float32Array> {
    const heads = headsOfSite(site, model.config) ?? 1;
    const slots = slotsOf(positions, pairs[0]!).length;
    const wanted = new Float32Array(model.config.nLayers * heads * slots * pairs.length).fill(NaN);
    for (let layer = 0; layer < model.config.nLayers; layer++)
      for (const [i, p] of pairs.entries()) {
        const cells = Array.from({ length: heads }, (_, head) =>
          slotsOf(positions, p).flatMap((at, slot) => (at === null ? [] : [{ head, slot, positions: at }])),
        ).flat();
        const values = await bruteForce(p, { site, layer, noising }, cells);
        for (const [row, { head, slot }] of cells.entries())
          wanted[((layer * heads + head) * slots + slot) * pairs.length + i] = values[row]!;
      }
    return wanted;
  }

  it.each([
    ['denoising', 'each'],
    ['noising', 'all'],
    ['denoising', 'last'],
    ['noising', ['apart', -2, 'difference', -1, 4]],
  ] as [string, Positions][])('patches every site as whole passes do, %s at %j', async (direction, positions) => {
    const before = tf.memory().numTensors;
    const arrays = await run({ direction, activations: PATCH_SITES, positions });
    expect(tf.memory().numTensors).toBe(before);
    const { nLayers } = model.config;
    for (const site of PATCH_SITES) {
      const heads = headsOfSite(site, model.config);
      const slots = slotsOf(positions, pairs[0]!).length;
      const single = positions === 'all' || positions === 'last';
      const axes = heads === null ? [slots] : [heads, ...(single ? [] : [slots])];
      const got = arrays[site]!;
      expect(got.shape, site).toEqual([nLayers, ...axes, pairs.length]);
      const wanted = await wantedOf(site, positions, direction === 'noising');
      expect([...got.values].map(Number.isNaN), site).toEqual([...wanted].map(Number.isNaN));
      const [numbers, others] = [got.values, wanted].map((values) => values.filter(Number.isFinite));
      expect(relativeDifference(numbers!, others!), site).toBeLessThan(1e-5);
    }
  });

  it('gives every pair the same numbers alone and among others, in any order', async () => {
    const options = { activations: PATCH_SITES };
    const together = await run(options);
    const reversed = await run(options, pairs.toReversed());
    const alone: ShardArrays[] = [];
    for (const p of pairs) alone.push(await run(options, [p]));
    const count = pairs.length;
    for (const site of PATCH_SITES) {
      const wanted = together[site]!.values.map((_, at) => alone[at % count]![site]!.values[Math.floor(at / count)]!);
      const turned = reversed[site]!.values.map((_, at, values) => values[at + count - 1 - 2 * (at % count)]!);
      for (const got of [together[site]!.values, turned]) {
        const isToken = (_: number, at: number) => Number.isFinite(wanted[at]);
        // Sums in another order: a few units of float32's last place.
        expect(relativeDifference(got.filter(isToken), wanted.filter(isToken)), site).toBeLessThan(3e-6);
      }
    }
  });
});
