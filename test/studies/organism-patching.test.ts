/** The studies of patching on the model that comes with demur, whose training has put in what they must find. */
import { builtInPairs, tokenizerOf, type Completion } from '@demur/interp';
import { openModelSource } from '@demur/model';
import { studies, type LineChart } from '@demur/studies';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organismFolder } from '../../scripts/organism-files.ts';
import { openTinyStudies, type TinyStudies } from './tiny-study.ts';

const PAIRS = 12;

let tiny: TinyStudies;
beforeAll(async () => {
  tiny = await openTinyStudies();
});
afterAll(() => tiny.close());

async function run(name: 'object-patching' | 'layer-curve') {
  const tokenizer = await tokenizerOf(await openModelSource(organismFolder));
  const { pairs } = builtInPairs('refusal', { tokenizer, count: PAIRS })!;
  return tiny.run(studies[name], pairs, organismFolder);
}

describe('on the organism', () => {
  it('the object turns the answer, both ways, in the metric and in what is written', async () => {
    const { report, array, result } = await run('object-patching');
    expect(report.refusal).toMatchObject({ separation: 1, clean: { refused: 1 }, corrupted: { refused: 0 } });
    for (const [step, wanted] of [
      ['denoising', 1],
      ['noising', -1],
    ] as const) {
      const cells = await array(step, 'resid_pre');
      const [before, after] = [await result(`${step}-before`), await result(`${step}-after`)];
      const { layers } = (after.spec.options as unknown as { patches: { layers: [number] }[] }).patches[0]!;
      expect(layers[0]).toBeGreaterThan(0);
      const patched = cells.values.slice(layers[0] * cells.shape[1]! * PAIRS).slice(0, PAIRS);
      expect(patched.filter((metric) => Math.sign(metric) === wanted).length).toBeGreaterThanOrEqual(0.9 * PAIRS);
      const starts = [before, after].map(
        ({ completions }) => (completions as Completion[]).filter(({ text }) => text!.startsWith('Sorry')).length,
      );
      expect(starts).toEqual(wanted === 1 ? [0, 8] : [8, 0]);
    }
    expect(report.claims.map(({ outcome }) => outcome)).toEqual(['agrees', 'agrees']);
    expect(report.sections[1]!.paragraphs.join(' ')).toContain(
      'Of 8 completions, the words of 0 refuse without the patch, and those of 8 with the object patched before layer',
    );
  });

  it('refusal is at the object in early layers, and leaves it for the last position', async () => {
    const { report } = await run('layer-curve');
    for (const section of report.sections.slice(1)) {
      const [object, after, last] = (section.figures[0] as LineChart).series.map(({ values }) => values as number[]);
      for (const score of object!.slice(0, 4)) expect(score).toBeGreaterThan(0.9);
      for (const score of after!) expect(Math.abs(score)).toBeLessThan(0.05);
      expect(last![0]).toBe(0);
      expect(last!.at(-1)! - last![3]!).toBeGreaterThan(0.1);
      expect(object![3]! - object!.at(-1)!).toBeGreaterThan(0.1);
    }
    expect(report.claims[0]!.outcome).toBe('agrees');
  });
});
