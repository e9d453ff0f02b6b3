/** The study of circuits on tiny random models: its choices and sentences, reckoned again from the experiments' arrays. */
import type { PairSpec } from '@demur/interp';
import { studies } from '@demur/studies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { searchSection } from '../../libs/studies/src/studies/acdcpp/sections.ts';
import { openTinyStudies, randomPairs, tinyModel, type TinyOutcome, type TinyStudies } from './tiny-study.ts';

let tiny: TinyStudies;
beforeAll(async () => {
  tiny = await openTinyStudies();
});
afterAll(() => tiny.close());

/** Few edges, so that testing them one by one takes little. */
const model = tinyModel('llama_mha');
const edges = 262;

const study = studies.acdcpp!;
const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / values.length;
const said = (value: number) => String(Number(value.toPrecision(3))).replace('-', '−');

const theOtherWayRound = (pair: PairSpec): PairSpec => ({ ...pair, clean: pair.corrupted, corrupted: pair.clean });

describe.each([
  { pairs: randomPairs(4).slice(2), sign: 1 },
  { pairs: randomPairs(4).slice(2).map(theOtherWayRound), sign: -1 },
])('two pairs, contrast of sign $sign', ({ pairs, sign }) => {
  let outcome: TinyOutcome;
  beforeAll(async () => {
    outcome = await tiny.run(study, pairs, model);
  });

  /** From a circuit's run and the ends, as the paper has it. */
  async function faithfulness(step: string, metric: Float32Array): Promise<number> {
    const [clean, ablated] = await Promise.all(
      ['clean', 'ablated'].map(async (name) => mean((await outcome.array(step, `baseline.${name}`)).values)),
    );
    return (mean(metric) - ablated!) / (clean! - ablated!);
  }

  async function curveOf(step: string): Promise<{ edges: number; faithfulness: number }[]> {
    const { sizes } = await outcome.result(step);
    const { shape, values } = await outcome.array(step, 'metric');
    return Promise.all(
      sizes!.map(async ({ edges: count }, at) => ({
        edges: count,
        faithfulness: await faithfulness(step, values.subarray(at * shape[1]!, (at + 1) * shape[1]!)),
      })),
    );
  }

  const cellsOf = async (step: string) =>
    (await outcome.array(step, 'in_circuit')).values.reduce<number[]>(
      (cells, kept, cell) => (kept === 1 ? [...cells, cell] : cells),
      [],
    );

  it('takes the smallest circuit that is faithful, between two sizes of the curve', async () => {
    const curve = await curveOf('curve');
    const first = curve.findIndex((size) => size.faithfulness >= 0.9);
    const below = curve[first - 1]?.edges ?? 0;
    const hasBetween = curve[first]!.edges - below > 1;
    const fine = hasBetween ? await curveOf('refine') : [];
    for (const size of fine) expect(size.edges > below && size.edges < curve[first]!.edges).toBe(true);
    const asked = (fine.find((size) => size.faithfulness >= 0.9) ?? curve[first]!).edges;
    const { spec } = await outcome.result('circuit');
    expect(spec.options).toMatchObject({ method: 'greedy', n: asked });
    const kept = await cellsOf('circuit');
    expect(outcome.text).toContain(
      `has ${asked} edges, ${Number(((100 * asked) / edges).toPrecision(3))} % of ${edges}, `,
    );
    expect(outcome.text).toContain(asked / edges <= 0.05 ? 'not more than 5 %' : 'more than 5 %');
    if (kept.length < asked)
      expect(outcome.text).toContain(
        `To ${asked - kept.length} of them no path leads from the input; the other ${kept.length} `,
      );
    const [chart] = outcome.report.sections[1]!.figures;
    if (chart?.kind !== 'lines') throw new Error('no chart');
    const all = [...curve, ...fine].sort((a, b) => a.edges - b.edges);
    expect(chart.x.values).toEqual(all.map((size) => size.edges / edges));
    for (const [at, size] of all.entries()) expect(chart.series[0]!.values[at]).toBeCloseTo(size.faithfulness, 5);
  });

  it('resamples the pairs at the size of that circuit', async () => {
    const { spec, bootstrap } = await outcome.result('bootstrap');
    const { n } = (await outcome.result('circuit')).spec.options as { n: number };
    expect(spec.options).toMatchObject({ bootstrapTop: n });
    expect(bootstrap!.top).toHaveLength(n);
    expect(outcome.text).toContain(
      `The sets of the ${n} strongest edges of two such samples have a Jaccard index of ${said(bootstrap!.stability)} on`,
    );
  });

  it('tests edges at shares of the contrast, until what is left is faithful', async () => {
    const steps = outcome.report.steps.filter(({ name }) => name.startsWith('acdcpp-'));
    const ends = ['clean', 'corrupted'].map(async (name) =>
      mean((await outcome.array('curve', `baseline.${name}`)).values),
    );
    const [clean, corrupted] = await Promise.all(ends);
    expect(Math.sign(clean! - corrupted!)).toBe(sign);
    const sizes = await curveOf('prune');
    expect(sizes.map((size) => size.edges)).toEqual([20, 50, 100, 200, edges]);
    const pruned = sizes.find((size) => size.faithfulness >= 0.95) ?? sizes.at(-1)!;
    expect(outcome.text).toContain(
      `Pruning left the ${pruned.edges} edges strongest by EAP-IG, ${Number(((100 * pruned.edges) / edges).toPrecision(3))} % of all, whose faithfulness by themselves is ${said(pruned.faithfulness)}.`,
    );
    for (const [at, { name, spec }] of steps.entries()) {
      const { tau, pruneTo } = spec.options as { tau: number; pruneTo: number };
      expect(tau).toBeCloseTo((0.02 / 2 ** at) * Math.abs(clean! - corrupted!), 6);
      expect(pruneTo).toBe(pruned.edges);
      const own = await faithfulness(name, (await outcome.array(name, 'circuit.metric')).values);
      expect(own >= 0.9).toBe(at === steps.length - 1);
    }
    const { name } = steps.at(-1)!;
    const { circuit } = await outcome.result(name);
    const kept = await cellsOf(name);
    expect(outcome.text).toContain(
      `it left ${kept.length} edges (${Number(((100 * kept.length) / edges).toPrecision(3))} %) between ${circuit!.nodes} nodes, with faithfulness ${said(circuit!.faithfulness!)}`,
    );
    expect(outcome.report.claims).toMatchObject([{ id: 'S4.acdcpp-gives-no-circuit', outcome: 'disagrees' }]);
  });

  it('sets the two circuits side by side', async () => {
    const last = outcome.report.steps.at(-1)!.name;
    const [greedy, left] = await Promise.all([cellsOf('circuit'), cellsOf(last)]);
    const shared = left.filter((cell) => greedy.includes(cell)).length;
    expect(outcome.text).toContain(
      `They share ${shared} edge${shared === 1 ? '' : 's'}, a Jaccard index of ${said(shared / (greedy.length + left.length - shared))}.`,
    );
    const more = left.length - greedy.length;
    expect(outcome.text).toContain(
      `ACDC++'s circuit has ${Math.abs(more)} edge${Math.abs(more) === 1 ? '' : 's'} ${more < 0 ? 'fewer' : 'more'} than EAP-IG's ${greedy.length} `,
    );
    const { senders, receivers } = await outcome.result(last);
    const names = left.map(
      (cell) => `${senders![Math.floor(cell / receivers!.length)]}->${receivers![cell % receivers!.length]}`,
    );
    const [map] = outcome.report.sections[4]!.figures;
    if (map?.kind !== 'heat-map') throw new Error('no map');
    for (const [layer, row] of map.values.entries())
      for (const [column, value] of row.entries()) {
        const node = map.columns.labels[column] === 'MLP' ? `m${layer}` : `a${layer}.h${column}`;
        const touching = names.flatMap((name) => name.split('->')).filter((end) => end.replace(/<.>/, '') === node);
        expect(value).toBe(touching.length);
      }
    const effects = (await outcome.array(last, 'effects')).values;
    const [table] = outcome.report.sections[4]!.tables;
    const sizes = left.map((cell) => Math.abs(effects[cell]!)).sort((a, b) => b - a);
    expect(table!.rows.map((row) => Math.abs(row[1] as number))).toEqual(sizes.slice(0, 20));
    for (const [name] of table!.rows) expect(names).toContain(name);
  });
});

it('says that no threshold left a faithful circuit where none did', () => {
  const search = (share: number, faithfulness: number) => ({
    ...{ share, tau: 10 * share, faithfulness, cells: [1, 2, 3], nodes: 4, tested: 30, passes: 40, seconds: 2 },
    effects: new Float32Array(4),
  });
  const found = {
    searches: [search(0.02, 0.1), search(0.01, 0.4)],
    pruned: { edges: 30, share: 0.3, faithfulness: 0.5 },
    contrast: 10,
    edges: 100,
  };
  const { paragraphs, tables } = searchSection(found as unknown as Parameters<typeof searchSection>[0]);
  expect(paragraphs[1]).toBe(
    'None of 2 thresholds left a circuit that does 90 % of what the model does; the smallest threshold left 3 edges (3 %) between 4 nodes, with faithfulness 0.4. 30 tests took 2.00 s.',
  );
  expect(paragraphs[0]).toContain('whose faithfulness by themselves is 0.5, less than the 0.95 that was looked for');
  expect(tables[0]!.rows).toHaveLength(2);
});

it('finds circuits of a single pair, which cannot be resampled', async () => {
  const { report, text } = await tiny.run(study, randomPairs(1), model);
  expect(text).toContain('A single pair cannot be resampled.');
  expect(report.steps.map(({ name }) => name)).not.toContain('bootstrap');
  expect(text).toMatch(/The smallest circuit tried that does at least 90 % of what the model does has \d+ edges/);
});
