/** Object patching and the layer curve on a tiny random model: every number of their reports, reckoned again from the arrays. */
import { studies, type HeatMap, type LineChart } from '@demur/studies';
import type { Completion, NamedArray, PairSpec } from '@demur/interp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handOver } from '../../libs/studies/src/studies/layer-curve/hand-over.ts';
import { columnLabels } from '../../libs/studies/src/studies/object-patching/column-labels.ts';
import { flipsOf } from '../../libs/studies/src/studies/object-patching/flips.ts';
import { promptPlaces, placesInOrder } from '../../libs/studies/src/prompt-places.ts';
import { openTinyStudies, randomPairs, type TinyOutcome, type TinyStudies } from './tiny-study.ts';

let tiny: TinyStudies;
beforeAll(async () => {
  tiny = await openTinyStudies();
});
afterAll(() => tiny.close());

/** Pairs with an object and a token after it, half of them with a token more before it, so that places are not one column. */
const withRoles: PairSpec[] = randomPairs(9).map((pair, i) => {
  const longer = ({ tokens }: { tokens: number[] }) => ({
    tokens: i % 2 === 0 ? tokens : [...tokens.slice(0, 4), 7, ...tokens.slice(4)],
  });
  const [clean, corrupted] = [
    longer(pair.clean as { tokens: number[] }),
    longer(pair.corrupted as { tokens: number[] }),
  ];
  const object = i % 2 === 0 ? 4 : 5;
  return { ...pair, clean, corrupted, roles: { object: [object], 'after-object': [object + 1] } };
});

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

/** The refusal score of a cell, as the mission has it: of means over the pairs that have the cell. */
function score(cells: NamedArray, { source, destination }: Record<'source' | 'destination', NamedArray>, at: number[]) {
  const [layer, slot] = at as [number, number];
  const [, slots, pairs] = cells.shape as [number, number, number];
  const patched = cells.values.slice((layer * slots + slot) * pairs, (layer * slots + slot + 1) * pairs);
  return (mean(patched) - mean(destination.values)) / (mean(source.values) - mean(destination.values));
}

async function arraysOf({ array }: TinyOutcome, step: 'denoising' | 'noising') {
  const [clean, corrupted] = [await array(step, 'baseline.clean'), await array(step, 'baseline.corrupted')];
  const cells = await array(step, 'resid_pre');
  return step === 'denoising'
    ? { cells, ends: { source: clean, destination: corrupted } }
    : { cells, ends: { source: corrupted, destination: clean } };
}

describe('the layer curve', () => {
  let outcome: TinyOutcome;
  beforeAll(async () => {
    outcome = await tiny.run(studies['layer-curve'], withRoles);
  });

  it.each([
    ['denoising', 1],
    ['noising', 2],
  ] as const)('has the scores of %s at each place, and how far the pairs lie from them', async (step, section) => {
    const { cells, ends } = await arraysOf(outcome, step);
    const chart = outcome.report.sections[section]!.figures[0] as LineChart;
    expect(chart.series.map(({ name }) => name)).toEqual(['object', 'after the object', 'last position']);
    const scale = mean(ends.source.values) - mean(ends.destination.values);
    for (const [slot, { values, high }] of chart.series.entries())
      for (const [layer, value] of values.entries()) {
        expect(value).toBeCloseTo(score(cells, ends, [layer, slot]), 6);
        const changes = Array.from(
          ends.destination.values,
          (own, pair) => (cells.values[(layer * 3 + slot) * 9 + pair]! - own) / scale,
        );
        const variance = changes.reduce((sum, change) => sum + (change - mean(changes)) ** 2, 0) / (changes.length - 1);
        expect(high![layer]! - value!).toBeCloseTo(Math.sqrt(variance), 5);
      }
  });

  it('tells where half is, from its curves', () => {
    const { sections, claims } = outcome.report;
    const { series } = sections[1]!.figures[0] as LineChart;
    const { rows } = sections[1]!.tables[0]!;
    for (const [i, { values }] of series.entries()) {
      const half = values.flatMap((value, layer) => (value! >= 0.5 ? [layer] : []));
      const highest = Math.max(...(values as number[]));
      expect(rows[i]!.slice(1, 3)).toEqual([highest, values.indexOf(highest)]);
      const told = String(rows[i]![4]).replace(/(\d+)–(\d+)/, (_, a, b) =>
        Array.from({ length: Number(b) - Number(a) + 1 }, (__, at) => Number(a) + at).join(', '),
      );
      expect(told).toBe(half.join(', ') || 'none');
    }
    // Before layer 0 the object is all that differs.
    expect(series[0]!.values[0]).toBeCloseTo(1, 5);
    const depends = series.some(({ values, high }) => {
      const error = Math.max(...values.map((value, layer) => high![layer]! - value!)) / Math.sqrt(9);
      const range = Math.max(...(values as number[])) - Math.min(...(values as number[]));
      return range >= 0.1 && range >= 3 * error;
    });
    expect(claims[0]!.outcome).toBe(depends ? 'agrees' : 'disagrees');
  });

  it('cannot tell from one pair whether the score depends on the layer', async () => {
    const { report } = await tiny.run(studies['layer-curve'], randomPairs(1));
    expect(report.claims[0]).toMatchObject({ outcome: 'not tested' });
    expect(report.claims[0]!.sentence).toContain('; one pair has no standard error.');
  });
});

it.each([
  [[1, 1, 0.1], [0, 0.1, 0.9], 'passes from the object to the last position within layer 1: up to there'],
  [[1, 1, 0.8], [0, 0, 0.1], 'passes from the object to the last position within layer 2: up to there'],
  [
    [1, 0, 0],
    [0, 0.4, 0.9],
    'half or more of it up to layer 0, the last position from layer 2 on; in the 1 layer between',
  ],
  [[1, 0, 0], [0, 0, 0], 'up to layer 0, the last position only after the last layer; in the 2 layers between'],
  [[1, 0.6, 0], [0, 0.5, 0.9], 'From layer 1 to layer 1 the object and the last position each carry half'],
  [
    [0, 0, 0.1],
    [0, 0, 0.9],
    'carries less than half of it before every layer, the last position half or more from layer 2 on',
  ],
])('tells the way from the object to the last position: %j, %j', (object, last, words) => {
  expect(handOver(object, last)).toContain(words);
});

describe('object patching', () => {
  let outcome: TinyOutcome;
  beforeAll(async () => {
    outcome = await tiny.run(studies['object-patching'], withRoles);
  });

  it.each([
    ['denoising', 1],
    ['noising', 2],
  ] as const)('draws the scores of %s at every column from the first difference on', async (step, section) => {
    const { cells, ends } = await arraysOf(outcome, step);
    const map = outcome.report.sections[section]!.figures[0] as HeatMap;
    expect(map.columns.labels).toHaveLength(4);
    for (const [layer, row] of map.values.entries())
      for (const [column, value] of row.entries())
        expect(value).toBeCloseTo(score(cells, ends, [layer, 3 + column]), 6);
  });

  it.each([
    ['denoising', 'corrupted', 1],
    ['noising', 'clean', 2],
  ] as const)('shows what is written before and after %s, with the metric of both', async (step, run, section) => {
    const { cells, ends } = await arraysOf(outcome, step);
    const after = await outcome.result(`${step}-after`);
    const { layers } = (after.spec.options as unknown as { patches: { layers: [number] }[] }).patches[0]!;
    const [layer] = layers;
    const scores = Array.from({ length: 2 }, (_, at) => score(cells, ends, [at, 0]));
    // Of the first two of three layers, the last with nine tenths of the best score.
    expect(layer).toBe(scores[1]! >= 0.9 * Math.max(...scores) ? 1 : 0);
    const before = await outcome.result(`${step}-before`);
    expect(before.spec.options).toMatchObject({ run });
    const { rows } = outcome.report.sections[section]!.tables[0]!;
    expect(rows).toHaveLength(8);
    for (const [pair, [own, , metric, patched, ...written]] of rows.entries()) {
      expect(own).toBe(before.pairs[pair]![run].strings[pair % 2 === 0 ? 4 : 5]);
      expect(metric).toBe(ends.destination.values[pair]);
      expect(patched).toBe(cells.values[layer * cells.shape[1]! * 9 + pair]);
      const tokens = [before, after].map(({ completions }) => (completions as Completion[])[pair]!.tokens.join(' '));
      expect(written).toEqual(tokens);
    }
  });

  it('counts the answers that turn, and judges by them', async () => {
    const { cells, ends } = await arraysOf(outcome, 'denoising');
    const { spec } = await outcome.result('denoising-after');
    const { layers } = (spec.options as unknown as { patches: { layers: [number] }[] }).patches[0]!;
    const destination = [...ends.destination.values];
    const turned = destination.map(
      (own, pair) => own <= 0 && cells.values[layers[0] * cells.shape[1]! * 9 + pair]! > 0,
    );
    const of = destination.filter((own) => own <= 0).length;
    const flipped = turned.filter(Boolean).length;
    expect(of).toBeGreaterThan(0);
    expect(outcome.text).toContain(`${of} harmless prompts not refused without it, that turns ${flipped}:`);
    const claim = outcome.report.claims.find(({ id }) => id === 'S1.object-induces-refusal')!;
    expect(claim.outcome).toBe(flipped > of / 2 ? 'agrees' : 'disagrees');
    expect(claim.sentence).toContain(`${flipped} of ${of} harmless prompts`);
  });
});

it('patches pairs without roles where their prompts differ, at the column after, and at the last', async () => {
  const { report, array, result } = await tiny.run(studies['object-patching'], randomPairs(4));
  const { positions } = await result('denoising');
  expect(positions).toEqual(['difference', -3, 'last', -4, -2, -1]);
  const map = report.sections[1]!.figures[0] as HeatMap;
  expect(map.columns.labels).toEqual(['difference', '−3', '−2', 'last']);
  const [cells, source, destination] = await Promise.all(
    ['resid_pre', 'baseline.clean', 'baseline.corrupted'].map((name) => array('denoising', name)),
  );
  for (const [layer, row] of map.values.entries())
    for (const [column, slot] of [3, 1, 4, 5].entries())
      expect(row[column]).toBeCloseTo(score(cells!, { source: source!, destination: destination! }, [layer, slot]), 6);
});

it('answers turn one way, and only those that had the other sign', () => {
  const [before, after] = [Float32Array.of(-1, -2, 3, 0), Float32Array.of(1, -1, 4, 2)];
  expect(flipsOf({ direction: 'denoising', before, after })).toEqual({ of: 3, flipped: 2 });
  expect(flipsOf({ direction: 'noising', before, after })).toEqual({ of: 1, flipped: 0 });
});

describe('the places of a prompt', () => {
  const pair = (clean: number[], corrupted: number[], roles?: Record<string, number[]>) => {
    const firstDifference = clean.findIndex((id, at) => id !== corrupted[at]);
    return { clean, corrupted, answer: 1, distractor: 2, firstDifference, ...(roles && { roles }) };
  };

  it('are roles where all pairs have them, and counted from the end where not', () => {
    const positions = (pairs: ReturnType<typeof pair>[]) =>
      placesInOrder(promptPlaces(pairs)).map(({ position }) => position);
    const role = pair([1, 2, 3, 4], [1, 9, 3, 4], { object: [1], 'after-object': [2] });
    expect(positions([role, role])).toEqual(['object', 'after-object', 'last']);
    expect(positions([role, pair([1, 2, 3, 4], [1, 9, 3, 4])])).toEqual(['difference', -2, 'last']);
    expect(positions([pair([1, 2, 3, 4], [1, 9, 8, 4]), pair([2, 3, 4], [2, 9, 4])])).toEqual(['difference', 'last']);
    expect(positions([pair([2, 3, 4, 5], [2, 9, 4, 5]), pair([3, 4, 5], [2, 4, 5])])).toEqual([
      'difference',
      -2,
      'last',
    ]);
    expect(positions([pair([2, 3], [2, 9])])).toEqual(['difference', 'last']);
  });

  it('are named by their token, else by the role that most have, else by their number', () => {
    const prompt = (...strings: string[]) => ({ strings, tokens: strings.map((_, i) => i) });
    const results = [
      { clean: prompt(' a', ' bomb', '.', '\n'), corrupted: prompt(' a', ' pie', '.', '\n'), roles: { object: [1] } },
      {
        clean: prompt('x', ' gun', '.', '\n'),
        corrupted: prompt('x', ' kite', '.', '\n'),
        roles: { object: [1], template: [0] },
      },
    ] as unknown as Parameters<typeof columnLabels>[0];
    expect(columnLabels(results, [-4, -3, -2, -1])).toEqual(['−4', 'object', '.', '⏎']);
  });
});
