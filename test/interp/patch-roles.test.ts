/** Patching at roles of several tokens, next to each other or not, against whole forward passes with hooks. */
import * as tf from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import type { ResolvedPair, ShardOptions } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';

function pair(clean: number[], corrupted: number[], roles: Record<string, number[]>): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference, roles };
}

/** A role of one token, of two, of two apart, and of tokens before the first difference; one pair is shorter. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1], { object: [4], apart: [4, 6] }),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 17, 24, 41, 9, 1], { object: [3, 4, 5], apart: [1, 3, 5] }),
  pair([4, 8, 15, 16, 24, 40, 9, 2], [4, 8, 15, 16, 24, 41, 9, 2], { object: [3, 4, 5], apart: [1, 3, 5] }),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1], { object: [1], apart: [0, 4] }),
];
const columns = 8;
const positions = ['object', 'last', 'apart', 'difference', 'object[-1]', -2];

/** Positions of a pair that each slot stands for, written out. */
const wanted = (p: ResolvedPair): number[][] => [
  [...p.roles!['object']!],
  [p.clean.length - 1],
  [...p.roles!['apart']!],
  p.clean.flatMap((token, i) => (token === p.corrupted[i] ? [] : [i])),
  [p.roles!['object']!.at(-1)!],
  [p.clean.length - 2],
];

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(name, backend);
  });
  afterAll(() => model.dispose());

  /** The metric of a whole pass of the destination, with the source's activation where `mask` [position, head] says so. */
  async function bruteForce(
    p: ResolvedPair,
    cell: { hook: 'hook_resid_pre' | 'attn.hook_z'; layer: number; noising: boolean },
    mask: (position: number, head: number) => boolean,
  ): Promise<number> {
    const [to, from] = cell.noising ? [p.clean, p.corrupted] : [p.corrupted, p.clean];
    const at = blockHook(cell.layer, cell.hook);
    const source = model.forward([from], { capture: [at] });
    const put = (x: tf.Tensor): tf.Tensor => {
      const [, length, heads] = x.shape as [number, number, number];
      const perHead = x.rank === 4;
      const taken = Array.from({ length: length * (perHead ? heads : 1) }, (_, i) =>
        perHead ? mask(Math.floor(i / heads), i % heads) : mask(i, 0),
      );
      const shape = perHead ? [1, length, heads, 1] : [1, length, 1];
      return tf.where(tf.tensor(taken, shape, 'bool').broadcastTo(x.shape), source.activations.get(at)!, x);
    };
    const patched = model.forward([to], { hooks: { [at]: put } });
    const logits = await patched.logits!.data();
    patched.dispose();
    source.dispose();
    return logits[p.answer]! - logits[p.distractor]!;
  }

  it.each(['denoising', 'noising'] as const)('patches roles of the residual stream, %s', async (direction) => {
    const spec = parseSpec({
      ...{ kind: 'activation-patching', model: '.', pairs: 'given' },
      options: { direction, activations: ['resid_pre', 'z'], positions },
    });
    const shard = { index: 0, pairs: pairs.map((p, index) => ({ index, pair: p })), columns, pairCount: pairs.length };
    const before = tf.memory().numTensors;
    const arrays = await executeShard(model, spec, shard, going);
    expect(tf.memory().numTensors).toBe(before);
    const { nLayers, nHeads } = model.config;
    expect(arrays['resid_pre']!.shape).toEqual([nLayers, positions.length, pairs.length]);
    expect(arrays['z']!.shape).toEqual([nLayers, nHeads, positions.length, pairs.length]);
    const noising = direction === 'noising';
    const [resid, z]: [number[], number[]] = [[], []];
    for (let layer = 0; layer < nLayers; layer++) {
      for (let slot = 0; slot < positions.length; slot++)
        for (const p of pairs) {
          const at = wanted(p)[slot]!;
          const cell = { hook: 'hook_resid_pre', layer, noising } as const;
          resid.push(await bruteForce(p, cell, (position) => at.includes(position)));
        }
      for (let head = 0; head < nHeads; head++)
        for (let slot = 0; slot < positions.length; slot++)
          for (const p of pairs) {
            const at = wanted(p)[slot]!;
            const cell = { hook: 'attn.hook_z', layer, noising } as const;
            z.push(await bruteForce(p, cell, (position, h) => h === head && at.includes(position)));
          }
    }
    expect(relativeDifference(arrays['resid_pre']!.values, Float32Array.from(resid))).toBeLessThan(1e-5);
    expect(relativeDifference(arrays['z']!.values, Float32Array.from(z))).toBeLessThan(1e-5);
  });
});
