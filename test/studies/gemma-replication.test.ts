/** The replication on tiny random models: its sentences, curves and sweeps reckoned again by plain loops from the experiments' arrays. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors, type PairSpec } from '@demur/interp';
import { studies, type LineChart } from '@demur/studies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTinyStudies, randomPairs, tinyModel, type TinyOutcome, type TinyStudies } from './tiny-study.ts';

let tiny: TinyStudies;
let folder: string;
beforeAll(async () => {
  tiny = await openTinyStudies();
  folder = await mkdtemp(join(tmpdir(), 'demur-replication-'));
});
afterAll(async () => {
  await tiny.close();
  await rm(folder, { recursive: true });
});

const study = studies['gemma-replication'];
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const claim = ({ report }: TinyOutcome, name: string) => report.claims.find(({ id }) => id === `S6.${name}`)!;
const section = ({ report }: TinyOutcome, title: string) => report.sections.find((own) => own.title === title)!;
const stepNames = ({ report }: TinyOutcome) => report.steps.map(({ name }) => name);

const withObject = (pair: PairSpec, object: number[]): PairSpec => ({
  ...pair,
  roles: { object, 'after-object': [object.at(-1)! + 1] },
});

describe('ten pairs of one-token objects, and two of longer ones', () => {
  let outcome: TinyOutcome;
  const pairs = randomPairs(12).map((pair, at) => withObject(pair, at < 10 ? [4] : [3, 4]));
  const singles = pairs.slice(0, 10);
  beforeAll(async () => {
    outcome = await tiny.run(study, pairs);
  });

  it('leaves out the longer ones, and says so', () => {
    expect(claim(outcome, 'several-tokens')).toMatchObject({
      outcome: 'agrees',
      sentence:
        'The object is one token in 10 of 12 pairs on this model, and several in 2. The study runs on the 10 pairs of one token. One of several tokens, or left out, counts.',
    });
    const tokens = (list: PairSpec[]) => list.map(({ clean, corrupted }) => [clean, corrupted]);
    for (const { name, spec } of outcome.report.steps) {
      const own = spec.pairs as PairSpec[];
      if (name === 'contrast') expect(own).toHaveLength(12);
      else if (name.endsWith('patching')) expect(tokens(own)).toEqual(tokens(singles));
      else if (name.endsWith('direction') || name === 'head-scan')
        expect(tokens(own)).toEqual(tokens(singles.filter((_, at) => at % 2 === 0)));
      else expect(tokens(own)).toEqual(tokens(singles.filter((_, at) => at % 2 === 1)));
    }
  });

  it.each([
    ['The residual stream', 0, 'residual-patching', 'resid_pre'],
    ['What attention adds', 0, 'attention-patching', 'attn_out'],
    ['What attention adds', 1, 'up-to-patching', 'attn_out'],
    ['What the MLPs add', 0, 'mlp-patching', 'mlp_out'],
    ['What the MLPs add', 1, 'up-to-patching', 'mlp_out'],
  ])('draws the refusal scores: %s, figure %i', async (title, figure, step, site) => {
    const { values, shape } = await outcome.array(step, site);
    const [clean, corrupted] = await Promise.all(
      ['clean', 'corrupted'].map(async (side) => mean((await outcome.array(step, `baseline.${side}`)).values)),
    );
    const chart = section(outcome, title).figures[figure] as LineChart;
    expect(shape).toEqual([3, 3, 10]);
    expect(chart.series.map(({ name }) => name)).toEqual(['object', 'after the object', 'last position']);
    for (const [slot, { values: curve }] of chart.series.entries())
      for (const [layer, score] of curve.entries()) {
        const own = mean(values.subarray((layer * 3 + slot) * 10, (layer * 3 + slot + 1) * 10));
        expect(score).toBeCloseTo((own - corrupted!) / (clean! - corrupted!), 4);
      }
  });

  it.each(['heads', 'difference'])('counts what every scale flips, with the vector of %s', async (vector) => {
    for (const [way, run, from] of [
      ['induce', 'corrupted', -1],
      ['inhibit', 'clean', 1],
    ] as const) {
      const metric = (await outcome.array(`${vector}-${way}`, 'metric')).values;
      const plain = (await outcome.array(`${vector}-${way}`, `baseline.${run}`)).values;
      const options = (await outcome.result(`${vector}-${way}`)).spec.options as { coefficients: number[] };
      expect(options.coefficients.every((coefficient) => coefficient > 0 === (way === 'induce'))).toBe(true);
      const flippable = [...plain.keys()].filter((pair) => plain[pair]! > 0 === from > 0);
      const shares = options.coefficients.map((_, c) =>
        flippable.length === 0
          ? null
          : flippable.filter((pair) => metric[c * plain.length + pair]! > 0 !== from > 0).length / flippable.length,
      );
      const words = vector === 'heads' ? 'the heads’ vector' : 'the difference vector';
      const table = section(outcome, `Steering with ${words}`).tables.find(
        ({ title }) => title === `Scales of ${words}`,
      )!;
      expect(table.rows.map((row) => row[way === 'induce' ? 1 : 4])).toEqual(shares);
      const half = shares.findIndex((share) => share !== null && share >= 0.5);
      const scale = Math.abs(options.coefficients[half] ?? NaN);
      const says = half < 0 ? 'no tried scale up to 64 flips half' : `of ${plain.length}) is ${scale}:`;
      if (flippable.length > 0) expect(outcome.text).toContain(says);
    }
  });

  it('takes the candidate that raises harmless prompts most where the rules leave none', async () => {
    const { selected, unselected, layers, positions } = await outcome.result('difference-direction');
    const additions = (await outcome.array('difference-direction', 'selection.addition')).values;
    const best = additions.indexOf(Math.max(...additions));
    const { direction } = (await outcome.result('difference-induce')).spec.options as { direction: object };
    expect(selected).toBeNull();
    expect(outcome.text).toContain(unselected);
    expect(direction).toMatchObject({
      layer: layers![Math.floor(best / positions!.length)],
      position: positions![best % positions!.length],
    });
  });

  it('makes no completions without a tokenizer, and leaves what they would tell open', () => {
    expect(stepNames(outcome).filter((name) => name.endsWith('examples'))).toEqual([]);
    expect(claim(outcome, 'metric-is-lossy').outcome).toBe('not tested');
  });
});

describe('pairs that do not say where anything is', () => {
  it('takes where they differ for the object, and the last token for all that follows', async () => {
    const outcome = await tiny.run(study, randomPairs(6, 6));
    expect(outcome.text).toContain('The pairs do not say where their object is');
    expect(outcome.text).toContain('With 6 pairs in all, it is tried on those that found it.');
    expect(claim(outcome, 'several-tokens').outcome).toBe('not tested');
    const layers = claim(outcome, 'layers-of-interest');
    expect(layers.outcome).toBe('not tested');
    expect(layers.sentence).toContain('no token after the object can be told');
    const { options } = outcome.report.steps.find(({ name }) => name === 'residual-patching')!.spec;
    expect(options).toMatchObject({ positions: ['difference', 'last'] });
  });
});

describe('a model whose heads write nothing', () => {
  it('says that no head is over the threshold, and steers with the difference alone', async () => {
    const model = await withoutHeads();
    const outcome = await tiny.run(study, randomPairs(8, 7), model);
    expect(section(outcome, 'The heads').paragraphs[0]).toContain('0 heads of 18 (0 %) have a score over 0.005.');
    expect(claim(outcome, 'few-heads').outcome).toBe('disagrees');
    expect(claim(outcome, 'heads-suffice').outcome).toBe('not tested');
    expect(claim(outcome, 'heads-fail-to-steer').outcome).toBe('not tested');
    expect(stepNames(outcome)).toContain('difference-induce');
    expect(stepNames(outcome).filter((name) => name.startsWith('heads-'))).toEqual([]);
  });

  /** The tiny Llama with zeros for every W_O. */
  async function withoutHeads(): Promise<string> {
    await cp(tinyModel('llama_gqa_tied'), folder, { recursive: true });
    const file = join(folder, 'model.safetensors');
    const arrays = decodeSafetensors(await readFile(file));
    for (const [name, { values }] of Object.entries(arrays)) if (name.endsWith('o_proj.weight')) values.fill(0);
    await writeFile(file, encodeSafetensors(arrays));
    return folder;
  }
});
