/** Patching and attribution on the suffix, against other ways to cut the work. What patching gives is patch-sites.test.ts's part. */
import * as tf from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildGraph } from '@demur/interp';
import { ScoreSums } from '../../libs/interp/src/attribution/score-sums.ts';
import { eapScores } from '../../libs/interp/src/attribution/eap.ts';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { logitDifference } from '../../libs/interp/src/metrics/logit-difference.ts';
import { patchBlock } from '../../libs/interp/src/patching/patching.ts';
import { UP_TO_SITES } from '../../libs/interp/src/patching/site-names.ts';
import { withReadings } from '../../libs/interp/src/readings.ts';
import type { NamedArray, ResolvedPair, ShardArrays } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { randomModel } from '../model/random-model.ts';
import { relativeDifference, tinyModel } from '../model/tiny-model.ts';
import { going, shardOf, stretched, tinyBlock, tinyColumns as columns, tinyPair, tinyPairs } from './tiny-pairs.ts';

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

  function run(spec: object, of: readonly ResolvedPair[] = tinyPairs, options = going): Promise<ShardArrays> {
    return executeShard(model, parseSpec({ model: '.', pairs: 'given', ...spec }), shardOf(of), options);
  }

  it('scores edges of pairs that differ in their last token alone, and of prompts of one token', async () => {
    const short = [tinyPair([4, 8, 15], [4, 8, 16]), tinyPair([9], [10])];
    const { scores } = (await run({ kind: 'attribution', options: {} }, short)) as { scores: NamedArray };
    expect(scores.values.every(Number.isFinite)).toBe(true);
    expect(scores.values.some((score) => score !== 0)).toBe(true);
  });

  it.each([
    ['each layer', ['resid_pre', 'resid_mid', 'z', 'k', 'pattern']],
    ['all layers up to one', UP_TO_SITES],
  ] as const)('gives the same cells of %s however many rows a pass may have', async (of, sites) => {
    const block = tinyBlock();
    const metric = logitDifference(model, block.pairs);
    const cells = async (maxRows: number): Promise<Map<string, number[]>> => {
      const options = {
        direction: 'denoising',
        sites,
        isUpTo: of === 'all layers up to one',
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

  it('scores edges the same whether blocks keep their tapes or run again, and however many points run together', async () => {
    const block = tinyBlock();
    const metric = logitDifference(model, block.pairs);
    const options = { kvHeads: 'expanded', metric, ...going, onStep: () => undefined } as const;
    const graph = buildGraph(model.config, 'expanded');
    const shard = { index: 0, pairs: [], columns, pairCount: tinyPairs.length };
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
      await expect(run(spec, tinyPairs, { ...going, cancel: { throwIfCancelled } })).rejects.toThrow('cancelled');
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});
