/** Patching and attribution on the suffix, against whole forward passes with hooks and against other ways to cut the work. */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type BlockHook, type ModelConfig } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGraph } from '@demur/interp';
import { ScoreSums } from '../../libs/interp/src/attribution/score-sums.ts';
import { eapScores } from '../../libs/interp/src/attribution/eap.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { logitDifference } from '../../libs/interp/src/metrics/logit-difference.ts';
import { patchBlock } from '../../libs/interp/src/patching/patching.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { NamedArray, ResolvedPair, ShardArrays, ShardOptions } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { pairBlocks } from '../../libs/interp/src/suffix/pair-block.ts';
import { goldenCase } from '../golden/golden-case.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';

function pair(clean: number[], corrupted: number[]): ResolvedPair {
  const firstDifference = clean.findIndex((token, i) => token !== corrupted[i]);
  return { clean, corrupted, answer: 58, distractor: 3, firstDifference };
}

/** Two pairs of a shared beginning, one of another beginning, one that is shorter, one that differs from the start. */
const pairs = [
  pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
  pair([4, 8, 15, 16, 24, 40, 9, 1], [4, 8, 15, 16, 24, 41, 9, 1]),
  pair([30, 8, 15, 16, 23, 42, 9, 2], [30, 8, 15, 16, 23, 42, 10, 2]),
  pair([8, 15, 16, 23, 42, 1], [8, 15, 16, 23, 43, 1]),
  pair([5, 6, 7, 8, 9, 10, 11, 12], [6, 6, 7, 8, 9, 10, 11, 12]),
];
const columns = 8;

const going: ShardOptions = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };

/** Norms of queries and keys, a window, and rotations that depend on the length of the whole prompt. */
const stretched: Partial<ModelConfig> = {
  attention: { scale: 0.4, softcap: null, windows: [null, 4, null], qkNorm: true },
  positions: { kind: 'rotary', theta: 1000, scaling: { kind: 'dynamic', factor: 2, originalContext: 4 } },
};

/** Gemma-2 has post-norms, soft caps and sliding windows; GPT-2 learned positions and layer norms. */
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

  function run(spec: object, of = pairs, options = going): Promise<ShardArrays> {
    const shard = { index: 0, pairs: of.map((p, index) => ({ index, pair: p })), columns, pairCount: of.length };
    const parsed = parseSpec({ model: '.', pairs: 'given', ...spec });
    return executeShard(model, parsed, shard, options);
  }

  /** Of edge scores on such a model: the reference's float32 run against its float64 run, as a share of the scale. */
  const reference = goldenCase(name === 'stretched' ? 'llama_gqa_tied' : name, 'plain');
  const [largestError, scale] = reference.json.batches['plain']!.f32_minus_f64_maxabs_and_scale['eap']!;
  const float32Error = largestError / scale;

  /** One cell by brute force: a whole forward pass of the destination with the source's activation put in by a hook. */
  async function bruteForce(
    p: ResolvedPair,
    cell: { site: BlockHook; layer: number; noising: boolean },
    put: Put,
  ): Promise<number> {
    const [to, from] = cell.noising ? [p.clean, p.corrupted] : [p.corrupted, p.clean];
    const name = blockHook(cell.layer, cell.site);
    const source = model.forward([from], { capture: [name] });
    const hook = (x: tf.Tensor): tf.Tensor => put(x, source.activations.get(name)!);
    const patched = model.forward([to], { hooks: { [name]: hook } });
    const logits = await patched.logits!.data();
    patched.dispose();
    source.dispose();
    return logits[p.answer]! - logits[p.distractor]!;
  }
  type Put = (x: tf.Tensor, source: tf.Tensor) => tf.Tensor;

  /** Takes the source where the mask over positions, and heads where there are such, is one. */
  const where =
    (mask: (position: number, head: number) => boolean): Put =>
    (x, source) => {
      const [, positions, heads] = x.shape as [number, number, number];
      const perHead = x.rank === 4;
      const shape = perHead ? [1, positions, heads, 1] : [1, positions, 1];
      const count = perHead ? heads : 1;
      const values = Array.from({ length: positions * count }, (_, i) => mask(Math.floor(i / count), i % count));
      return tf.where(tf.tensor(values, shape, 'bool').broadcastTo(x.shape), source, x);
    };

  const hookOf = {
    resid_pre: 'hook_resid_pre',
    attn_out: 'hook_attn_out',
    mlp_out: 'hook_mlp_out',
    z: 'attn.hook_z',
  } as const;

  it.each(['denoising', 'noising'] as const)('patches each position as whole passes do, %s', async (direction) => {
    const sites = ['resid_pre', 'attn_out', 'mlp_out'] as const;
    const arrays = await run({ kind: 'activation-patching', options: { direction, activations: [...sites] } });
    for (const site of sites) {
      const wanted = new Float32Array(model.config.nLayers * columns * pairs.length);
      for (let layer = 0; layer < model.config.nLayers; layer++) {
        for (let column = 0; column < columns; column++) {
          for (const [i, p] of pairs.entries()) {
            const at = column - (columns - p.clean.length);
            const cell = { site: hookOf[site], layer, noising: direction === 'noising' };
            const value =
              at < 0
                ? NaN
                : await bruteForce(
                    p,
                    cell,
                    where((position) => position === at),
                  );
            wanted[(layer * columns + column) * pairs.length + i] = value;
          }
        }
      }
      const got = arrays[site]!;
      expect(got.shape).toEqual([model.config.nLayers, columns, pairs.length]);
      expect([...got.values].map(Number.isNaN)).toEqual([...wanted].map(Number.isNaN));
      expect(relativeDifference(got.values.filter(Number.isFinite), wanted.filter(Number.isFinite))).toBeLessThan(1e-5);
    }
  });

  it.each(['all', 'last', [-3, 4]] as const)('patches heads at positions %j as whole passes do', async (positions) => {
    const arrays = await run({ kind: 'activation-patching', options: { activations: ['z'], positions } });
    const slots = typeof positions === 'string' ? [positions] : [5, 4];
    const { nLayers, nHeads } = model.config;
    const got = arrays['z']!;
    const axis = typeof positions === 'string' ? [] : [2];
    expect(got.shape).toEqual([nLayers, nHeads, ...axis, pairs.length]);
    const wanted: number[] = [];
    for (let layer = 0; layer < nLayers; layer++) {
      for (let head = 0; head < nHeads; head++) {
        for (const slot of slots) {
          for (const p of pairs) {
            const pads = columns - p.clean.length;
            const at = (position: number): boolean =>
              slot === 'all' || position + pads === (slot === 'last' ? columns - 1 : slot);
            const put = where((position, h) => h === head && at(position));
            wanted.push(await bruteForce(p, { site: 'attn.hook_z', layer, noising: false }, put));
          }
        }
      }
    }
    expect(relativeDifference(got.values, wanted)).toBeLessThan(1e-5);
  });

  it('runs pairs that differ in their last token alone, and prompts of one token', async () => {
    const short = [pair([4, 8, 15], [4, 8, 16]), pair([9], [10])];
    const sites = ['resid_pre', 'attn_out', 'mlp_out', 'z'] as const;
    const options = { activations: [...sites], positions: 'last' };
    const arrays = await run({ kind: 'activation-patching', options }, short);
    for (const site of sites) {
      const heads = site === 'z' ? model.config.nHeads : 1;
      const cells = Array.from({ length: model.config.nLayers * heads * short.length }, (_, i) => {
        const p = short[i % short.length]!;
        const [layer, head] = [Math.floor(i / short.length / heads), Math.floor(i / short.length) % heads];
        const last = where((position, h) => position === p.clean.length - 1 && (site !== 'z' || h === head));
        return bruteForce(p, { site: hookOf[site], layer, noising: false }, last);
      });
      const wanted = await Promise.all(cells);
      expect(relativeDifference(arrays[site]!.values, wanted), site).toBeLessThan(1e-5);
    }
    const { scores } = (await run({ kind: 'attribution', options: {} }, short)) as { scores: NamedArray };
    expect(scores.values.every(Number.isFinite)).toBe(true);
    expect(scores.values.some((score) => score !== 0)).toBe(true);
  });

  it('gives the same cells however many rows a pass may have', async () => {
    const block = pairBlocks(pairs.map((p, place) => ({ place, pair: p })))[1]!;
    const metric = logitDifference(model, block.pairs);
    const cells = async (maxRows: number): Promise<Map<string, number[]>> => {
      const options = {
        direction: 'denoising',
        sites: ['resid_pre', 'resid_mid', 'z', 'k', 'pattern'],
        positions: 'each',
        columns,
        metric,
      } as const;
      const { cancel } = going;
      const onStep = (): void => undefined;
      const found = await withReadings((readings) =>
        patchBlock(model, block, { ...options, readings, cancel, onStep, maxRows }),
      );
      return new Map(found.cells.map((c) => [`${c.site} ${c.layer} ${c.head} ${c.set.slot}`, [...c.values]]));
    };
    const whole = await cells(100_000);
    for (const maxRows of [1, 40, 200]) {
      const cut = await cells(maxRows);
      expect([...cut.keys()].sort()).toEqual([...whole.keys()].sort());
      for (const [key, values] of cut) expect(relativeDifference(values, whole.get(key)!)).toBeLessThan(1e-5);
    }
  });

  it('scores edges the same for one pair at a time as for all together, in any order', async () => {
    const spec = { kind: 'attribution', options: { kvHeads: 'native' } };
    const together = (await run(spec))['scores']!.values;
    const sum = new Float64Array(together.length);
    for (const p of pairs.toReversed()) {
      for (const [i, v] of (await run(spec, [p]))['scores']!.values.entries()) sum[i]! += v;
    }
    expect(relativeDifference(together, sum)).toBeLessThan(2 * float32Error);
  });

  it('scores edges the same whether blocks keep their tapes or run again, and however many points run together', async () => {
    const block = pairBlocks(pairs.map((p, place) => ({ place, pair: p })))[1]!;
    const metric = logitDifference(model, block.pairs);
    const options = { kvHeads: 'expanded', metric, ...going, onStep: () => undefined } as const;
    const graph = buildGraph(model.config, 'expanded');
    const shard = { index: 0, pairs: [], columns, pairCount: pairs.length };
    const scores = async (cut: { tapeBudgetBytes?: number; maxRows?: number }, path = [1]): Promise<Float32Array> => {
      const sums = new ScoreSums(graph, shard, { bootstrap: 0, perPosition: false });
      const uses = sums.usesOf(block);
      await withReadings((readings) => eapScores(model, block, { ...options, readings, uses, path, ...cut }));
      return sums.arrays()['scores']!.values;
    };
    const kept = await scores({ tapeBudgetBytes: 1e9 });
    expect(relativeDifference(await scores({ tapeBudgetBytes: 0 }), kept)).toBeLessThan(1e-5);
    const path = [0, 0.25, 0.5, 0.75];
    const together = await scores({ tapeBudgetBytes: 1e9 }, path);
    for (const maxRows of [1, 50])
      expect(relativeDifference(await scores({ tapeBudgetBytes: 0, maxRows }, path), together)).toBeLessThan(1e-5);
  });

  it('sums native key and value scores from the expanded ones', async () => {
    const [native, expanded] = await Promise.all(
      ['native', 'expanded'].map((kvHeads) => run({ kind: 'attribution', options: { kvHeads } })),
    );
    const { nHeads, nKvHeads, nLayers } = model.config;
    const group = nHeads / nKvHeads;
    const [rowN, rowE] = [nLayers * (nHeads + 2 * nKvHeads + 1) + 1, nLayers * (3 * nHeads + 1) + 1];
    const wanted = new Float64Array(native!['scores']!.values.length);
    for (let s = 0; s * rowN < wanted.length; s++) {
      for (let r = 0; r < rowE; r++) {
        const [layer, within] = [Math.floor(r / (3 * nHeads + 1)), r % (3 * nHeads + 1)];
        const [port, head] = [Math.floor(within / nHeads), within % nHeads];
        const first = layer * (nHeads + 2 * nKvHeads + 1);
        const native =
          port === 0
            ? head
            : port === 3
              ? nHeads + 2 * nKvHeads
              : nHeads + (port - 1) * nKvHeads + Math.floor(head / group);
        wanted[s * rowN + (layer === nLayers ? rowN - 1 : first + native)]! +=
          expanded!['scores']!.values[s * rowE + r]!;
      }
    }
    expect(relativeDifference(native!['scores']!.values, wanted)).toBeLessThan(1e-5);
  });

  it('leaves no tensor behind, also when it is cancelled on the way', async () => {
    const specs = [
      { kind: 'attribution', options: {} },
      { kind: 'attribution', options: { method: 'eap-ig', bootstrap: 9, perPosition: true } },
      { kind: 'activation-patching', options: { activations: ['resid_pre', 'resid_post', 'z', 'q', 'v'] } },
      { kind: 'activations', options: { names: ['blocks.*.hook_resid_pre'], gradients: true, logits: 'last' } },
    ];
    await run(specs.at(-1)!);
    const before = tf.memory().numTensors;
    for (const spec of specs) {
      await run(spec);
      let asked = 0;
      const throwIfCancelled = (): void => {
        if (++asked === 3) throw new Error('cancelled');
      };
      await expect(run(spec, pairs, { ...going, cancel: { throwIfCancelled } })).rejects.toThrow('cancelled');
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
