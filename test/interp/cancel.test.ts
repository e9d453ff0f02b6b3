/** A run that is cancelled at any moment leaves no tensors, whatever its kind and round. */
import * as tf from '@tensorflow/tfjs';
import { CancelledError, parseSpec } from '@demur/interp';
import type { Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { roundsOf } from '../../libs/interp/src/kinds/index.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import type { NamedArray, Shard, ShardArrays, ShardOptions } from '../../libs/interp/src/shard.ts';
import { tinyModel } from '../model/tiny-model.ts';
import { everyKind } from './every-kind.ts';
import { going, shardOf, tinyPairs } from './tiny-pairs.ts';

/** At which checks a round is cancelled: so many, spread from the first to the last. */
const MOMENTS = 10;

/** Two of a shared beginning, and a shorter one. */
const shard = shardOf([tinyPairs[1]!, tinyPairs[5]!, tinyPairs[3]!]);

let model: Transformer;
beforeAll(async () => {
  model = await tinyModel('llama_gqa_tied', 'wasm');
});
afterAll(() => model.dispose());

describe.each(everyKind(36))('%s', (_, kind, options) => {
  const spec = parseSpec({ kind, model: '.', pairs: 'given', options });

  it('leaves no tensors', async () => {
    const given: Record<string, NamedArray> = {};
    for (const round of roundsOf(spec)) {
      const own: Shard = { ...shard, round, given: { ...given } };
      const run = (work: ShardOptions): Promise<ShardArrays> => executeShard(model, spec, own, work);
      const checks = await checksOf(run);
      // A model makes some tensors, such as its mask, when they are needed first, and keeps them.
      const before = tf.memory().numTensors;
      expect(checks).toBeGreaterThan(1);
      for (const at of spread(checks)) {
        await expect(run({ ...going, cancel: cancelledAt(at) })).rejects.toThrow(CancelledError);
        expect(tf.memory().numTensors).toBe(before);
      }
      Object.assign(given, mergeShards(kind, [{ shard: own, arrays: await run(going) }]));
      expect(tf.memory().numTensors).toBe(before);
    }
  });
});

/** How often a run asks whether it has been cancelled. */
async function checksOf(run: (work: ShardOptions) => Promise<ShardArrays>): Promise<number> {
  let checks = 0;
  await run({ ...going, cancel: { throwIfCancelled: () => void checks++ } });
  return checks;
}

/** A token that is cancelled before its nth check, from 0. */
function cancelledAt(nth: number): ShardOptions['cancel'] {
  let checks = 0;
  return {
    throwIfCancelled() {
      if (checks++ >= nth) throw new CancelledError();
    },
  };
}

/** Of `count` checks the first, the last, and some between. */
function spread(count: number): number[] {
  const moments = Math.min(count, MOMENTS);
  return Array.from({ length: moments }, (_, i) => Math.round((i * (count - 1)) / (moments - 1)));
}
