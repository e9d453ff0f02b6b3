/**
 * Every site that can be patched, at every kind of position (columns, and roles of several tokens, next to each other or not),
 * against whole forward passes of the destination in which a hook puts the source's activation.
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type BlockHook, type HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { PATCH_SITES, UP_TO_SITES, headsOfSite, type PatchSite } from '../../libs/interp/src/patching/site-names.ts';
import type { ResolvedPair, ShardArrays } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';
import { going, shardOf, stretched, tinyColumns, tinyPair, tinyPairs as pairs } from './tiny-pairs.ts';

const columns = tinyColumns;

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
    if (position === 'last') return [p.clean.length - 1];
    if (position === 'object[-1]') return [p.roles!['object']!.at(-1)!];
    if (typeof position === 'string') return p.roles![position]!;
    return [position < 0 ? p.clean.length + position : position - pads];
  });
}

function hookOf(site: PatchSite): BlockHook {
  return headsOfSite(site, { nHeads: 1, nKvHeads: 1 }) === null
    ? (`hook_${site}` as BlockHook)
    : (`attn.hook_${site}` as BlockHook);
}

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
    const spec = parseSpec({ model: '.', pairs: 'given', kind: 'activation-patching', options });
    return executeShard(model, spec, shardOf(of), going);
  }

  interface Cell {
    head: number;
    positions: readonly number[];
  }

  /** Whether a cell takes the source's value, for each entry of a site's activation but for its width. */
  function takenBy({ head, positions }: Cell, site: PatchSite, length: number): boolean[] {
    const heads = headsOfSite(site, model.config) ?? 1;
    return Array.from({ length: heads * length }, (_, i) => {
      const [h, position] =
        site === 'pattern' ? [Math.floor(i / length), i % length] : [i % heads, Math.floor(i / heads)];
      return h === head && positions.includes(position);
    });
  }

  /** The metric of one whole pass, a cell a row of its batch. */
  async function bruteForce(
    p: ResolvedPair,
    { to, sources, taken }: { to: number[]; sources: ReadonlyMap<HookName, tf.Tensor>; taken: boolean[][] },
  ): Promise<number[]> {
    const putOf =
      (source: tf.Tensor) =>
      (x: tf.Tensor): tf.Tensor => {
        const shape = x.rank === 3 ? x.shape.with(2, 1) : x.shape.with(3, 1);
        return tf.where(tf.tensor(taken.flat(), shape, 'bool').broadcastTo(x.shape), source.broadcastTo(x.shape), x);
      };
    const hooks = Object.fromEntries(Array.from(sources, ([at, source]) => [at, putOf(source)]));
    const patched = model.forward(Array<number[]>(taken.length).fill(to), { hooks });
    const logits = await patched.logits!.data();
    patched.dispose();
    const { dVocab } = model.config;
    return taken.map((_, row) => logits[row * dVocab + p.answer]! - logits[row * dVocab + p.distractor]!);
  }

  type Wanted = Record<string, Float32Array>;

  /** Every site's whole array by brute force: [layer, (head,) slot, pair]. */
  async function wantedOf(of: readonly ResolvedPair[], positions: Positions, noising: boolean): Promise<Wanted> {
    const layers = Array.from({ length: model.config.nLayers }, (_, layer) => layer);
    const slots = slotsOf(positions, of[0]!).length;
    const headsOf = (site: PatchSite): number => headsOfSite(site, model.config) ?? 1;
    const empty = (site: PatchSite) => new Float32Array(layers.length * headsOf(site) * slots * of.length).fill(NaN);
    const wanted = Object.fromEntries(PATCH_SITES.map((site) => [site, empty(site)]));
    for (const [i, p] of of.entries()) {
      const [to, from] = noising ? [p.clean, p.corrupted] : [p.corrupted, p.clean];
      const places = PATCH_SITES.flatMap((site) =>
        layers.map((layer) => ({ site, layer, at: blockHook(layer, hookOf(site)) })),
      );
      const sources = model.forward([from], { capture: [...new Set(places.map(({ at }) => at))] });
      for (const { site, layer, at } of places) {
        const cells = Array.from({ length: headsOf(site) }, (_, head) =>
          slotsOf(positions, p).flatMap((own, slot) => (own === null ? [] : [{ head, slot, positions: own }])),
        ).flat();
        const taken = cells.map((cell) => takenBy(cell, site, to.length));
        const values = await bruteForce(p, { to, sources: new Map([[at, sources.activations.get(at)!]]), taken });
        for (const [row, { head, slot }] of cells.entries())
          wanted[site]![((layer * headsOf(site) + head) * slots + slot) * of.length + i] = values[row]!;
      }
      sources.dispose();
    }
    return wanted;
  }

  it.each([
    ['denoising', 'each'],
    ['noising', 'all'],
    ['denoising', 'last'],
    ['noising', ['apart', -2, 'difference', -1, 4, 'object', 'object[-1]']],
  ] as [string, Positions][])('patches every site as whole passes do, %s at %j', async (direction, positions) => {
    const before = tf.memory().numTensors;
    const arrays = await run({ direction, activations: PATCH_SITES, positions });
    expect(tf.memory().numTensors).toBe(before);
    const wanted = await wantedOf(pairs, positions, direction === 'noising');
    const { nLayers } = model.config;
    for (const site of PATCH_SITES) {
      const heads = headsOfSite(site, model.config);
      const slots = slotsOf(positions, pairs[0]!).length;
      const single = positions === 'all' || positions === 'last';
      const axes = heads === null ? [slots] : [heads, ...(single ? [] : [slots])];
      const got = arrays[site]!;
      expect(got.shape, site).toEqual([nLayers, ...axes, pairs.length]);
      expect([...got.values].map(Number.isNaN), site).toEqual([...wanted[site]!].map(Number.isNaN));
      const [numbers, others] = [got.values, wanted[site]!].map((values) => values.filter(Number.isFinite));
      expect(relativeDifference(numbers!, others!), site).toBeLessThan(1e-5);
    }
  });

  it.each(['denoising', 'noising'])('patches all layers up to one as whole passes do, %s', async (direction) => {
    const positions = ['apart', -2, 'difference', -1, 'object'];
    const before = tf.memory().numTensors;
    const arrays = await run({ direction, activations: UP_TO_SITES, positions, layers: 'up-to' });
    expect(tf.memory().numTensors).toBe(before);
    for (const site of UP_TO_SITES)
      for (const [i, p] of pairs.entries()) {
        const [to, from] = direction === 'noising' ? [p.clean, p.corrupted] : [p.corrupted, p.clean];
        const hooks = Array.from({ length: model.config.nLayers }, (_, layer) => blockHook(layer, hookOf(site)));
        const runs = model.forward([from], { capture: hooks });
        const taken = slotsOf(positions, p).map((own) => to.map((_, at) => own!.includes(at)));
        for (const layer of hooks.keys()) {
          const sources = new Map(hooks.slice(0, layer + 1).map((at) => [at, runs.activations.get(at)!]));
          const wanted = await bruteForce(p, { to, sources, taken });
          const got = wanted.map((_, slot) => arrays[site]!.values[(layer * wanted.length + slot) * pairs.length + i]!);
          expect(
            relativeDifference(Float32Array.from(got), Float32Array.from(wanted)),
            `${site} ${layer} ${i}`,
          ).toBeLessThan(1e-5);
        }
        runs.dispose();
      }
  });

  it('refuses to patch what a later layer would undo at all layers up to one', () => {
    const options = { activations: ['attn_out', 'resid_pre'], layers: 'up-to' };
    expect(() => parseSpec({ model: '.', pairs: 'given', kind: 'activation-patching', options })).toThrow(
      'options.activations[1]: "resid_pre" cannot be patched at all layers up to one; with "layers": "up-to" give attn_out or mlp_out',
    );
  });

  it('runs pairs that differ in their last token alone, and prompts of one token', async () => {
    const short = [tinyPair([4, 8, 15], [4, 8, 16]), tinyPair([9], [10])];
    const arrays = await run({ activations: PATCH_SITES, positions: 'last' }, short);
    const wanted = await wantedOf(short, 'last', false);
    for (const site of PATCH_SITES)
      expect(relativeDifference(arrays[site]!.values, wanted[site]!), site).toBeLessThan(1e-5);
  });
});
