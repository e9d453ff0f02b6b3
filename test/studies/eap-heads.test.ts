/** The study of edges on a tiny random model: what it says, reckoned again by plain loops from the experiments' arrays. */
import { studies } from '@demur/studies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTinyStudies, randomPairs, type TinyOutcome, type TinyStudies } from './tiny-study.ts';

let tiny: TinyStudies;
beforeAll(async () => {
  tiny = await openTinyStudies();
});
afterAll(() => tiny.close());

const study = studies['eap-heads']!;
const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

function correlation(x: number[], y: number[]): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  const covariance = (a: number[], b: number[], [ma, mb]: [number, number]) =>
    mean(a.map((value, at) => (value - ma) * (b[at]! - mb)));
  return (
    covariance(x, y, [meanX, meanY]) / Math.sqrt(covariance(x, x, [meanX, meanX]) * covariance(y, y, [meanY, meanY]))
  );
}

describe('twelve pairs', () => {
  let outcome: TinyOutcome;
  /** By name, of both estimates. */
  let eap: Map<string, number>;
  let eapIg: Map<string, number>;
  beforeAll(async () => {
    outcome = await tiny.run(study, randomPairs(12));
    [eap, eapIg] = await Promise.all([scoresOf('eap'), scoresOf('eap-ig')]);
  });

  async function scoresOf(step: string): Promise<Map<string, number>> {
    const { senders, receivers } = await outcome.result(step);
    const [scores, mask] = await Promise.all([outcome.array(step, 'scores'), outcome.array(step, 'mask')]);
    const names = senders!.flatMap((sender) => receivers!.map((receiver) => `${sender}->${receiver}`));
    return new Map(
      names.map((name, cell) => [name, scores.values[cell]!] as const).filter((_, cell) => mask.values[cell] === 1),
    );
  }

  const strongest = (scores: Map<string, number>) =>
    [...scores].sort(([, a], [, b]) => Math.abs(b) - Math.abs(a)).map(([name]) => name);

  it('counts the edges of this shape, and of the shape of Llama-2-7B', () => {
    // Of each layer, 3 x 6 receivers read the embedding and the layers before; the MLP its layer's heads as well.
    const count = (layers: number, heads: number) =>
      Array.from({ length: layers }, (_, l) => 3 * heads * (1 + l * (heads + 1)) + 1 + l * (heads + 1) + heads).reduce(
        (a, b) => a + b,
        0,
      ) +
      1 +
      layers * (heads + 1);
    expect(eap.size).toBe(count(3, 6));
    expect(outcome.text).toContain(`are ${count(3, 6)} edges between 22 senders and 58 receivers`);
    expect(count(32, 32)).toBe(1_592_881);
    expect(outcome.text).toContain('32 layers of 32 heads, has 1,592,881');
  });

  it('names the strongest edges with their scores, intervals and share of all strength', async () => {
    const [table] = outcome.report.sections[2]!.tables;
    const names = strongest(eap).slice(0, 20);
    expect(table!.rows.map(([, name]) => name)).toEqual(names);
    expect(table!.rows.map((row) => row[2])).toEqual(names.map((name) => eap.get(name)));
    expect(table!.rows.map((row) => row[6])).toEqual(names.map((name) => eapIg.get(name)));
    const { bootstrap, senders, receivers } = await outcome.result('eap');
    const low = await outcome.array('eap', 'interval.low');
    const cellOf = (name: string) => {
      const [sender, receiver] = name.split('->') as [string, string];
      return senders!.indexOf(sender) * receivers!.length + receivers!.indexOf(receiver);
    };
    for (const row of table!.rows) expect(row[3]).toBeCloseTo(low.values[cellOf(row[1] as string)]!, 6);
    const sizes = (of: string[]) => of.reduce((sum, name) => sum + Math.abs(eap.get(name)!), 0);
    const share = sizes(names) / sizes([...eap.keys()]);
    expect(outcome.text).toContain(`They have ${(100 * share).toFixed(0)} % of all |score|`);
    const negative = names.filter((name) => eap.get(name)! < 0).length;
    expect(outcome.text).toContain(`Of the 20 strongest, ${negative} have a negative score`);
    const { clean, corrupted } = outcome.report.refusal;
    const part = Math.abs(eap.get(names[0]!)! / (clean.mean - corrupted.mean));
    expect(outcome.text).toContain(`The strongest edge is ${names[0]}: `);
    expect(outcome.text).toContain(
      `, ${(100 * part).toFixed(0)} % of the ${(clean.mean - corrupted.mean).toPrecision(3)} between`,
    );
    const sure = bootstrap!.top.slice(0, 20).filter((edge) => edge.low * edge.high > 0).length;
    expect(outcome.text).toContain(`the interval of ${sure} of the 20 strongest edges leaves out 0`);
    expect(outcome.text).toContain(`a Jaccard index of ${Number(bootstrap!.stability.toPrecision(3))} on average`);
  });

  it('sums what each head and MLP sends', () => {
    const [map] = outcome.report.sections[3]!.figures;
    if (map?.kind !== 'heat-map') throw new Error('no map');
    const sent = (node: string) =>
      [...eap].reduce((sum, [name, score]) => sum + (name.startsWith(`${node}->`) ? Math.abs(score) : 0), 0);
    for (const [layer, row] of map.values.entries())
      for (const [head, value] of row.entries())
        expect(value).toBeCloseTo(sent(head === 6 ? `m${layer}` : `a${layer}.h${head}`), 6);
    expect(map.columns.labels.at(-1)).toBe('MLP');
    const heads = map.values.flatMap((row) => row.slice(0, 6) as number[]);
    const all = [...eap.values()].reduce((sum, score) => sum + Math.abs(score), 0);
    const share = heads.reduce((a, b) => a + b, 0) / all;
    expect(outcome.text).toContain(`Of all |score|, ${(100 * share).toFixed(0)} % is on edges out of heads`);
    const descending = heads.toSorted((a, b) => b - a);
    const half =
      descending.findIndex((_, at) => 2 * descending.slice(0, at + 1).reduce((a, b) => a + b, 0) >= share * all) + 1;
    expect(outcome.text).toContain(`Half of what heads send leaves ${half} of the 18 heads`);
  });

  it('holds both estimates against exact patching of the same edges', async () => {
    const { edges } = await outcome.result('exact');
    const names = edges as string[];
    expect(new Set(names).size).toBe(names.length);
    for (const scores of [eap, eapIg]) expect(names).toEqual(expect.arrayContaining(strongest(scores).slice(0, 40)));
    const effects = [...(await outcome.array('exact', 'effects')).values];
    for (const [estimate, scores] of [
      ['EAP', eap],
      ['EAP-IG', eapIg],
    ] as const) {
      const own = names.map((name) => scores.get(name)!);
      const signs = mean(own.map((score, at) => (Math.sign(score) === Math.sign(effects[at]!) ? 1 : 0)));
      expect(outcome.text).toMatch(
        new RegExp(
          `${estimate}'s scores correlate with the exact effects at ${said(correlation(own, effects))} \\(Pearson; .* with the same sign in ${(100 * signs).toFixed(0)} %`,
        ),
      );
    }
    const gaps = names.map((name, at) => Math.abs(eap.get(name)! - effects[at]!));
    const worst = gaps.indexOf(Math.max(...gaps));
    expect(outcome.text).toContain(
      `EAP is furthest off at ${names[worst]}: ${said(eap.get(names[worst]!)!)}, and exactly ${said(effects[worst]!)}.`,
    );
    const [works] = outcome.report.claims;
    const pearson = correlation(
      names.map((name) => eap.get(name)!),
      effects,
    );
    expect(works).toMatchObject({ id: 'S3.eap-works', outcome: pearson >= 0.8 ? 'agrees' : 'disagrees' });
  });

  const said = (value: number) => String(Number(value.toPrecision(3))).replace('-', '−');

  it('compares the two estimates', () => {
    const [chart] = outcome.report.sections[6]!.figures;
    if (chart?.kind !== 'lines') throw new Error('no chart');
    expect(chart.x.values).toEqual([10, 20, 50, 100, 200]);
    for (const [at, count] of chart.x.values.entries()) {
      const other = strongest(eapIg).slice(0, count);
      const shared = strongest(eap)
        .slice(0, count)
        .filter((name) => other.includes(name)).length;
      expect(chart.series[0]!.values[at]).toBeCloseTo(shared / count, 10);
    }
    const ranks = (scores: Map<string, number>) => {
      const ascending = [...scores.values()].sort((a, b) => a - b);
      return [...scores.values()].map((score) => (ascending.indexOf(score) + ascending.lastIndexOf(score)) / 2);
    };
    expect(outcome.text).toContain(`correlate at ${said(correlation(ranks(eap), ranks(eapIg)))} (Spearman`);
  });
});

it('says of a single pair that it cannot be resampled, and leaves the batch untested', async () => {
  const { report, text, result } = await tiny.run(study, randomPairs(1));
  expect(text).toContain('A single pair cannot be resampled');
  expect((await result('eap')).bootstrap).toBeUndefined();
  expect(report.sections[2]!.tables[0]!.rows[0]!.slice(3, 6)).toEqual([null, null, null]);
  expect(report.claims.find(({ id }) => id === 'S3.batch-of-one')!.outcome).toBe('not tested');
});

it('tells a contrast the other way round in sizes and signs that belong together', async () => {
  const swapped = randomPairs(12).map((pair) => ({ ...pair, clean: pair.corrupted, corrupted: pair.clean }));
  const { report, text } = await tiny.run(study, swapped);
  const { clean, corrupted } = report.refusal;
  expect(clean.mean).toBeLessThan(corrupted.mean);
  const score = report.sections[2]!.tables[0]!.rows[0]![2] as number;
  const part = (100 * Math.abs(score / (corrupted.mean - clean.mean))).toFixed(0);
  expect(text).toContain(
    `is expected to ${score < 0 ? 'fall' : 'rise'} by ${Number(Math.abs(score).toPrecision(3))}, ${part} % of the`,
  );
});
