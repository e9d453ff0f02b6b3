/** EAP-IG, post-norms, positions and the bootstrap, against reference arrays and against the same in other ways. */
import { openEnginePool, parseSpec, runExperiment, type EnginePool, type ExperimentResult } from '@demur/interp';
import { randomStream } from '@demur/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pairsPerUnit, requireRoom } from '../../libs/interp/src/attribution/kept-scores.ts';
import { mergeShards } from '../../libs/interp/src/merge.ts';
import { planShards } from '../../libs/interp/src/plan-shards.ts';
import { difference, goldenCase, type Batch, type GoldenCase } from '../golden/golden-case.ts';
import { relativeDifference } from '../model/tiny-model.ts';

const families = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];
const cases = families.flatMap((name): [string, Batch][] => [
  [name, 'plain'],
  [name, 'leftpad'],
]);

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  let pool: EnginePool;
  beforeAll(async () => {
    pool = await openEnginePool({ backend, workers: 2 });
  });
  afterAll(() => pool.close());

  function run(golden: Pick<GoldenCase, 'model' | 'pairs'>, options: object, seed?: number): Promise<ExperimentResult> {
    const spec = { kind: 'attribution', model: golden.model, pairs: golden.pairs, options, ...(seed && { seed }) };
    return runExperiment(parseSpec(spec), { pool });
  }

  describe.each(cases)('%s, %s', (name, batch) => {
    const golden = goldenCase(name, batch);
    const { json, arrays: reference } = golden;

    it.each([
      ['left', 'eap_ig_k0'],
      ['right', 'eap_ig_k1'],
    ])('takes gradients on the %s grid', async (grid, wanted) => {
      const { arrays } = await run(golden, { method: 'eap-ig', grid });
      expect(difference(arrays['scores'], reference[wanted]!).relative).toBeLessThan(2e-5);
    });

    it('sums native scores from the expanded ones', async () => {
      const { arrays, result } = await run(golden, { method: 'eap-ig', kvHeads: 'native' });
      const receivers = result.receivers!;
      const group = json.n_heads / json.n_kv_heads;
      const nativeName = (receiver: string) =>
        receiver.replace(/\.h(\d+)<([kv])>/, (_, head, port) => `.kv${Math.floor(Number(head) / group)}<${port}>`);
      const sums = new Float32Array(json.senders.length * receivers.length);
      for (const [at, score] of reference['eap_ig_k0']!.values.entries()) {
        const receiver = receivers.indexOf(nativeName(json.receivers[at % json.receivers.length]!));
        sums[Math.floor(at / json.receivers.length) * receivers.length + receiver]! += score;
      }
      const wanted = { shape: [json.senders.length, receivers.length], values: sums };
      expect(difference(arrays['scores'], wanted).relative).toBeLessThan(2e-5);
    });

    it('leaves out the post-norm where asked, which only models with one have', async () => {
      const eap = reference[name === 'gemma2' ? 'eap_raw' : 'eap']!;
      const ig = reference[name === 'gemma2' ? 'eap_raw_ig_k0' : 'eap_ig_k0']!;
      const { arrays } = await run(golden, { postNorm: 'ignore' });
      expect(difference(arrays['scores'], eap).relative).toBeLessThan(2e-5);
      const { arrays: igArrays } = await run(golden, { postNorm: 'ignore', method: 'eap-ig' });
      expect(difference(igArrays['scores'], ig).relative).toBeLessThan(2e-5);
    });

    it('tells positions apart', async () => {
      const { arrays } = await run(golden, { perPosition: true });
      const { shape, values } = arrays['scores.position']!;
      const [senders, receivers] = [json.senders.length, json.receivers.length];
      expect(shape).toEqual([json.T, senders, receivers]);
      const size = senders * receivers;
      const sums = new Float64Array(size);
      for (const [at, score] of values.entries()) sums[at % size]! += score;
      expect(relativeDifference(sums, arrays['scores']!.values)).toBeLessThan(1e-6);
      expect(difference(arrays['scores'], reference['eap']!).relative).toBeLessThan(2e-5);
      // The metric reads the last position alone: so do all edges into the logits.
      const intoLogits = values.filter((_, at) => at % receivers === receivers - 1);
      const before = intoLogits.subarray(0, intoLogits.length - senders);
      expect(before.every((score) => score === 0)).toBe(true);
      expect(intoLogits.subarray(-senders).some((score) => score !== 0)).toBe(true);
    });
  });

  it('is EAP with one step on the right, and EAP from the other side with one on the left', async () => {
    const golden = goldenCase('llama_gqa_tied', 'leftpad');
    const swapped = golden.pairs.map((pair) => ({ ...pair, clean: pair.corrupted, corrupted: pair.clean }));
    const [eap, right, left, back] = await Promise.all([
      run(golden, {}),
      run(golden, { method: 'eap-ig', steps: 1, grid: 'right' }),
      run(golden, { method: 'eap-ig', steps: 1 }),
      run({ ...golden, pairs: swapped }, {}),
    ]);
    expect(relativeDifference(right.arrays['scores']!.values, eap.arrays['scores']!.values)).toBe(0);
    const negated = back.arrays['scores']!.values.map((score) => -score);
    expect(relativeDifference(left.arrays['scores']!.values, negated)).toBeLessThan(1e-6);
  });

  describe('a bootstrap', () => {
    const [plain, padded] = [goldenCase('llama_mha', 'plain'), goldenCase('llama_mha', 'leftpad')];
    const [first, second] = plain.pairs as [GoldenCase['pairs'][number], GoldenCase['pairs'][number]];
    const turned = { ...first, answer: first.distractor, distractor: first.answer };
    const golden = { model: plain.model, pairs: [...plain.pairs, padded.pairs[1]!, turned, { ...second, answer: 3 }] };
    const options = { bootstrap: 40, bootstrapTop: 7 };

    it('is what resampling the scores of single pairs gives', async () => {
      const { arrays, result } = await run(golden, options, 5);
      const single = await Promise.all(golden.pairs.map((pair) => run({ ...golden, pairs: [pair] }, {})));
      const order = orderOfPairs(result);
      const scores = order.map((index) => single[index]!.arrays['scores']!.values);
      const resampled = resample(scores, { resamples: 40, seed: 5 });
      const edges = [...arrays['mask']!.values.keys()].filter((cell) => arrays['mask']!.values[cell] === 1);
      const interval = (share: number) => arrays['scores']!.values.map((_, cell) => quantile(resampled, cell, share));
      expect(relativeDifference(arrays['interval.low']!.values, interval(0.025))).toBeLessThan(1e-5);
      expect(relativeDifference(arrays['interval.high']!.values, interval(0.975))).toBeLessThan(1e-5);
      const sets = resampled.map((of) => new Set(strongest(of, edges, 7)));
      const { bootstrap, senders, receivers } = result;
      expect(bootstrap).toMatchObject({ resamples: 40, seed: 5, units: 5, pairsPerUnit: 1 });
      expect(bootstrap!.stability).toBeCloseTo(meanJaccard(sets), 6);
      const names = strongest(arrays['scores']!.values, edges, 7);
      expect(bootstrap!.top.map(({ edge, frequency }) => ({ edge, frequency }))).toEqual(
        names.map((cell) => ({
          edge: `${senders![Math.floor(cell / receivers!.length)]}->${receivers![cell % receivers!.length]}`,
          frequency: sets.filter((set) => set.has(cell)).length / 40,
        })),
      );
      expect(bootstrap!.top[0]).toMatchObject({ score: arrays['scores']!.values[names[0]!] });
      expect(Object.keys(arrays).sort()).toEqual(['interval.high', 'interval.low', 'mask', 'scores']);
    });

    it('does not depend on the order of pairs, and changes no score', async () => {
      const [given, turnedRound, without] = await Promise.all([
        run(golden, { ...options, perPosition: true }),
        run({ ...golden, pairs: golden.pairs.toReversed() }, options),
        run(golden, {}),
      ]);
      for (const name of ['scores', 'interval.low', 'interval.high'])
        expect(relativeDifference(turnedRound.arrays[name]!.values, given.arrays[name]!.values)).toBeLessThan(1e-6);
      expect(turnedRound.result.bootstrap!.stability).toBe(given.result.bootstrap!.stability);
      expect(relativeDifference(given.arrays['scores']!.values, without.arrays['scores']!.values)).toBeLessThan(1e-6);
    });

    it('refuses a single pair', async () => {
      await expect(run({ ...golden, pairs: [first] }, options)).rejects.toThrow(
        'options.bootstrap: 40 resamples of one pair are all alike; give two pairs or more, or leave it out',
      );
    });
  });

  /** Places of the pairs in the order of the plan, which resampling draws from. */
  function orderOfPairs({ pairs }: ExperimentResult['result']): number[] {
    const resolved = pairs.map(({ clean, corrupted, answer, distractor, firstDifference }) => {
      const tokens = { clean: clean.tokens, corrupted: corrupted.tokens };
      return { ...tokens, answer: answer.id, distractor: distractor.id, firstDifference };
    });
    return planShards(resolved).flatMap((shard) => shard.pairs.map(({ index }) => index));
  }
});

/** Mean scores of each resample, drawn with replacement. */
function resample(scores: Float32Array[], { resamples, seed }: { resamples: number; seed: number }): Float32Array[] {
  return Array.from({ length: resamples }, (_, at) => {
    const random = randomStream(seed, at);
    const drawn = scores.map(() => scores[Math.floor(random() * scores.length)]!);
    return scores[0]!.map((_, cell) => drawn.reduce((sum, of) => sum + of[cell]!, 0) / drawn.length);
  });
}

function quantile(resampled: Float32Array[], cell: number, share: number): number {
  const values = resampled.map((of) => of[cell]!).sort((a, b) => a - b);
  const place = share * (values.length - 1);
  const [below, above] = [values[Math.floor(place)]!, values[Math.ceil(place)]!];
  return below + (above - below) * (place - Math.floor(place));
}

function strongest(scores: Float32Array, edges: number[], count: number): number[] {
  return edges.toSorted((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b).slice(0, count);
}

function meanJaccard(sets: Set<number>[]): number {
  const indices = sets.flatMap((a, i) => sets.slice(i + 1).map((b) => a.intersection(b).size / a.union(b).size));
  return indices.reduce((a, b) => a + b) / indices.length;
}

describe('what is kept apart', () => {
  it('is each pair while all fit, and else as many units of pairs as fit', () => {
    expect(pairsPerUnit(64, 123_211)).toBe(1);
    expect(pairsPerUnit(42, 1_592_881)).toBe(1);
    expect(pairsPerUnit(43, 1_592_881)).toBe(2);
    expect(pairsPerUnit(1000, 1_592_881)).toBe(24);
  });

  it('adds up a unit whose pairs are in several shards', () => {
    const tokens = (token: number) => ({ clean: [1, token], corrupted: [1, 9], answer: 1, distractor: 2 });
    const shards = planShards([2, 3].map((token) => ({ ...tokens(token), firstDifference: 1 })));
    const scores = { shape: [1], values: Float32Array.of(1) };
    const unit = (value: number) => ({ shape: [2], values: Float32Array.of(value, 1) });
    const merged = mergeShards('attribution', [
      { shard: shards[1]!, arrays: { scores, 'unit.0': unit(5), 'unit.1': unit(7) } },
      { shard: shards[0]!, arrays: { scores, 'unit.0': unit(4) } },
    ]);
    expect(shards.map(({ start }) => start)).toEqual([0, 1]);
    expect([...merged['unit.0']!.values]).toEqual([9, 2]);
    expect([...merged['unit.1']!.values]).toEqual([7, 1]);
  });

  const config = { nLayers: 80, nHeads: 64, nKvHeads: 8 } as Parameters<typeof requireRoom>[1];
  const pair = { clean: Array<number>(500).fill(1), corrupted: [], answer: 1, distractor: 2, firstDifference: 499 };
  const refused = (options: object) => () =>
    requireRoom(parseSpec({ kind: 'attribution', model: 'm', pairs: 'p', options }), config, Array(16).fill(pair));

  it('refuses what would not fit, with the numbers', () => {
    expect(refused({ bootstrap: 100 })).toThrow(
      /options\.bootstrap: \d+ edges are too many: scores of 8 groups of pairs would take \d+ MiB, and 256 MiB is the most/,
    );
    expect(refused({ perPosition: true })).toThrow(
      /options\.perPosition: 500 positions x 5201 senders x 15441 receivers would take \d+ MiB, and 128 MiB is the most/,
    );
    expect(refused({})).not.toThrow();
  });
});
