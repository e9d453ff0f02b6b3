/** The study of heads on tiny models: what it says, reckoned again from the arrays of its experiments. */
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors, encodeSafetensors } from '@demur/interp';
import { studies } from '@demur/studies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTinyStudies, randomPairs, tinyModel, type TinyOutcome, type TinyStudies } from './tiny-study.ts';

let tiny: TinyStudies;
beforeAll(async () => {
  tiny = await openTinyStudies();
});
afterAll(() => tiny.close());

const study = studies['refusal-heads']!;
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length;
const said = (value: number) => String(Number(value.toPrecision(3))).replace('-', '−');
const asPercent = (share: number) => `${(100 * share).toFixed(0)} %`.replace('-', '−');

describe('twelve pairs', () => {
  let outcome: TinyOutcome;
  /** Mean metric of the clean and the corrupted prompts. */
  let clean: number;
  let corrupted: number;
  /** Scores [head of all layers] from each pair's metric. */
  let scores: number[];
  beforeAll(async () => {
    outcome = await tiny.run(study, randomPairs(12));
    [clean, corrupted] = (await Promise.all(
      ['clean', 'corrupted'].map(async (side) => mean((await outcome.array('scan', `baseline.${side}`)).values)),
    )) as [number, number];
    const { values } = await outcome.array('scan', 'head_scores.pair');
    scores = Array.from({ length: 18 }, (_, head) => mean(values.subarray(12 * head, 12 * (head + 1))));
  });

  const nameOf = (head: number) => `a${Math.floor(head / 6)}.h${head % 6}`;
  const chosen = () =>
    [...scores.keys()].filter((head) => scores[head]! > 0.005).sort((a, b) => scores[b]! - scores[a]!);

  it('tells every head, and those against refusal', () => {
    const [map, back] = outcome.report.sections[1]!.figures;
    if (map?.kind !== 'heat-map' || back?.kind !== 'heat-map') throw new Error('no maps');
    for (const [head, score] of scores.entries())
      expect(map.values[Math.floor(head / 6)]![head % 6]).toBeCloseTo(score, 5);
    const against = scores.filter((score) => score < -0.005).length;
    expect(against).toBeGreaterThan(1);
    expect(outcome.text).toContain(`and ${against} are under −0.005, against refusal`);
    expect(outcome.text).toContain(`The highest is ${nameOf(chosen()[0]!)}'s, ${said(Math.max(...scores))}`);
    expect(back.values.flat()).not.toEqual(map.values.flat());
  });

  it('chooses those over the threshold, and tells their layers', async () => {
    const [table] = outcome.report.sections[2]!.tables;
    expect(table!.rows.map(([name]) => name)).toEqual(chosen().map(nameOf));
    const noising = (await outcome.array('noising', 'head_scores')).values;
    const byPair = (await outcome.array('scan', 'head_scores.pair')).values;
    for (const [at, head] of chosen().entries()) {
      const own = [...byPair.subarray(12 * head, 12 * (head + 1))];
      const deviation = Math.sqrt(own.reduce((sum, value) => sum + (value - mean(own)) ** 2, 0) / 11);
      const agreeing = own.filter((value) => value * mean(own) > 0).length / 12;
      expect(table!.rows[at]![3]).toBeCloseTo(deviation, 5);
      expect(table!.rows[at]!.slice(4)).toEqual([agreeing, noising[head]]);
    }
    const both = chosen().filter((head) => noising[head]! > 0.005).length;
    expect(outcome.text).toContain(`By noising, ${both} of them are over it as well`);
    const sums = [0, 1, 2].map((layer) =>
      chosen().reduce((sum, head) => sum + (Math.floor(head / 6) === layer ? scores[head]! : 0), 0),
    );
    const most = sums.indexOf(Math.max(...sums));
    expect(outcome.text).toContain(
      `layer ${most} has ${asPercent(sums[most]! / (sums[0]! + sums[1]! + sums[2]!))} of their summed score`,
    );
    const depth = (sums[1]! / 3 + (2 * sums[2]!) / 3) / (sums[0]! + sums[1]! + sums[2]!);
    expect(outcome.report.claims[1]).toMatchObject({ id: 'S5.early-layers', outcome: 'disagrees' });
    expect(outcome.report.claims[1]!.sentence).toContain(`weighted by score, is ${said(depth)}`);
  });

  it('tells what they do together, beside random sets', async () => {
    const sets = await outcome.array('scan', 'validate.patch');
    const means = Array.from({ length: sets.shape[0]! }, (_, set) =>
      mean(sets.values.subarray(12 * set, 12 * (set + 1))),
    );
    const [score, ...random] = means.map((metric) => (metric - corrupted) / (clean - corrupted)) as [
      number,
      ...number[],
    ];
    expect(outcome.text).toContain(`prompts not to refuse get ${asPercent(score)} of the difference`);
    expect(outcome.text).toContain(`(${said(Math.min(...random))} to ${said(Math.max(...random))})`);
    const singles = chosen().reduce((sum, head) => sum + scores[head]!, 0);
    expect(outcome.text).toContain(`That is less than the sum of the heads' own scores, ${said(singles)}`);
    const refused = sets.values.subarray(0, 12).filter((metric) => metric > 0).length / 12;
    expect(outcome.text).toContain(
      `The refusing token becomes the likelier one after ${asPercent(refused)} of these prompts`,
    );
    for (const value of ['mean', 'zero']) {
      const own = (await outcome.array('scan', `validate.ablate.${value}`)).values.subarray(0, 12);
      expect(outcome.text).toContain(
        `goes from ${said(clean)} to ${said(mean(own))}, ${asPercent((mean(own) - clean) / (corrupted - clean))} of the way`,
      );
    }
  });

  it('tells how many prompts are refused when steered', async () => {
    const { tables } = outcome.report.sections[5]!;
    const rows = tables[0]!.rows as number[][];
    expect(rows.map(([coefficient]) => coefficient)).toEqual([1, 2, 4, 8, 16, 32]);
    for (const [way, column] of [
      ['induce', 1],
      ['inhibit', 4],
    ] as const) {
      const { values } = await outcome.array('scan', `validate.steer.${way}`);
      const kl = (await outcome.array('scan', `validate.steer.${way}.kl`)).values;
      for (const [at, row] of rows.entries()) {
        const own = values.subarray(12 * at, 12 * (at + 1));
        expect(row[column]).toBeCloseTo(mean(own), 4);
        expect(row[column + 1]).toBe(own.filter((metric) => metric > 0).length / 12);
        expect(row[column + 2]).toBeCloseTo(mean(kl.subarray(12 * at, 12 * (at + 1))), 4);
      }
    }
  });
});

it('says so where no head is over the threshold', async () => {
  const model = await withoutHeads();
  // Without attention only a difference at the last position can matter.
  const { report, text } = await tiny.run(study, randomPairs(6, 7), model);
  expect(report.sections.map(({ title }) => title)).toEqual([
    'Does the model refuse?',
    'Every head alone',
    'The chosen heads',
  ]);
  expect(text).toMatch(/No head was chosen: no head's score is over 0.005; the strongest is a0.h0 with 0\./);
  expect(report.claims.map(({ outcome }) => outcome)).toEqual(['disagrees', 'not tested']);
  await rm(model, { recursive: true });
});

/** The tiny model with what its heads add taken away: W_O is zero. */
async function withoutHeads(): Promise<string> {
  const [from, to] = [tinyModel('llama_gqa_tied'), await mkdtemp(join(tmpdir(), 'demur-headless-'))];
  await copyFile(join(from, 'config.json'), join(to, 'config.json'));
  const tensors = decodeSafetensors(await readFile(join(from, 'model.safetensors')));
  for (const [name, { values }] of Object.entries(tensors)) if (name.includes('o_proj')) values.fill(0);
  await writeFile(join(to, 'model.safetensors'), encodeSafetensors(tensors));
  return to;
}

it('runs on a single pair', async () => {
  const { report } = await tiny.run(study, randomPairs(1));
  for (const [name, , , deviation, agreeing] of report.sections[2]!.tables[0]!.rows)
    expect([name, deviation, agreeing]).toEqual([name, 0, 1]);
});
