/** How a study runs, on a tiny random model: the contrast, the rule to stop, what is left out, what goes wrong and goes on. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancelledError, openEnginePool, type EnginePool, type PairSpec, type ResultJson } from '@demur/interp';
import {
  NoUsablePairsError,
  prepareStudy,
  runStudy,
  studies,
  STUDY_NAMES,
  studyOf,
  StudyError,
  StudyStepError,
  UnknownStudyError,
  type RunStudyOptions,
  type StepPlace,
  type Study,
} from '@demur/studies';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { folderExecutor } from '../../apps/cli/src/study-folder.ts';
import {
  contrastSection,
  refusalContrast,
  stopReason,
  type ContrastValues,
} from '../../libs/studies/src/refusal-contrast.ts';
import { randomPairs, tinyModel } from './tiny-study.ts';

const model = tinyModel('llama_mha');
let pool: EnginePool;
let folder: string;
beforeAll(async () => {
  pool = await openEnginePool({ backend: 'wasm', workers: 1 });
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demur-run-study-'));
  return () => rm(folder, { recursive: true });
});
afterAll(() => pool.close());

/** Patches the last position, then makes a direction: as a study with two steps of its own. */
const study: Study = {
  name: 'layer-curve',
  title: 'Two steps',
  question: 'Do they run?',
  steps: [
    { name: 'patch', title: 'A patching' },
    { name: 'find', title: 'A direction' },
    { name: 'never', title: 'One that is left out' },
  ],
  async run({ step }) {
    await step('patch', { kind: 'activation-patching', options: { positions: 'last' } });
    const { experiment } = await step('find', { kind: 'direction', options: { layers: [1] } });
    return { sections: [{ title: 'Found', paragraphs: [experiment], figures: [], tables: [] }], claims: [] };
  },
};

async function run(own: Study, pairs: PairSpec[], options: RunStudyOptions = { evenIfMixed: true }) {
  const given = await prepareStudy({ model, pairs, seed: 3 });
  const executor = folderExecutor(folder, { pool, modelPath: model, onProgress: () => undefined });
  return runStudy(own, given, executor, options);
}

async function resultOf(step: string): Promise<ResultJson> {
  return JSON.parse(await readFile(join(folder, 'steps', step, 'result.json'), 'utf8')) as ResultJson;
}

describe('a study', () => {
  it('runs its steps after the contrast, and tells them as they were', async () => {
    const told: StepPlace[] = [];
    const report = await run(study, randomPairs(6), { evenIfMixed: true, onStep: (step) => void told.push(step) });
    expect(told.map(({ name, index, total }) => [name, index, total])).toEqual([
      ['contrast', 1, 4],
      ['patch', 2, 4],
      ['find', 3, 4],
    ]);
    expect(report.steps.map(({ experiment }) => experiment)).toEqual(['steps/contrast', 'steps/patch', 'steps/find']);
    for (const { name, spec, specHash, record } of report.steps) {
      expect(await resultOf(name)).toMatchObject({ spec, specHash, record });
      expect(spec).toMatchObject({ model, seed: 3 });
    }
    expect(report).toMatchObject({
      study: 'layer-curve',
      stopped: null,
      model: { name: model, family: 'llama', nLayers: 3, weightsSha256: report.steps[0]!.record.model.weightsSha256 },
      dataSet: { name: '6 pairs', pairs: 6, warnings: [] },
    });
    expect(report.sections.map(({ title }) => title)).toEqual(['Does the model refuse?', 'Found']);
  });

  it('does not know a step that it has not declared, or an array that an experiment has not', async () => {
    const undeclared: Study = { ...study, steps: [] };
    await expect(run(undeclared, randomPairs(3))).rejects.toThrow('the study has no step "patch"');
    const missing: Study = {
      ...study,
      async run({ step }) {
        await (await step('patch', { kind: 'activation-patching', options: { positions: 'last' } })).array('scores');
        return { sections: [], claims: [] };
      },
    };
    await expect(run(missing, randomPairs(3))).rejects.toThrow(StudyError);
    await expect(run(missing, randomPairs(3))).rejects.toThrow('the experiment steps/patch has no array "scores"');
  });

  it('has a name that others are told by', () => {
    expect(Object.keys(studies).sort()).toEqual([...STUDY_NAMES].sort());
    for (const name of STUDY_NAMES) expect(studyOf(name).name).toBe(name);
    expect(() => studyOf('layer_curve')).toThrow(UnknownStudyError);
    expect(() => studyOf('toString')).toThrow(`no study is named "toString"; use ${Object.keys(studies).join(', ')}`);
  });
});

describe('a model with no refusal to find', () => {
  it('stops the study after the contrast, with the numbers', async () => {
    const report = await run(study, randomPairs(8), {});
    expect(report.steps.map(({ name }) => name)).toEqual(['contrast']);
    expect(report.sections.map(({ title }) => title)).toEqual(['Does the model refuse?']);
    expect(report.claims).toEqual([]);
    const { clean, corrupted, separation } = report.refusal;
    expect(separation).toBeLessThan(0.75);
    expect(report.stopped).toContain('There is no refusal to find');
    for (const { mean } of [clean, corrupted])
      expect(report.stopped).toContain(`mean ${String(Number(mean.toPrecision(3))).replace('-', '−')}`);
    expect(report.stopped).toContain(`in ${Math.round(100 * separation)} % of comparisons`);
  });

  it('goes on when asked to, and says so', async () => {
    const stopped = (await run(study, randomPairs(8), {})).stopped!;
    const report = await run(study, randomPairs(8));
    expect(report.stopped).toBeNull();
    expect(report.steps).toHaveLength(3);
    expect(report.sections[0]!.paragraphs).toContain(`${stopped} The study was asked to go on all the same.`);
  });
});

describe('the contrast', () => {
  const values = (clean: number[], corrupted: number[]): ContrastValues => {
    return { clean: Float32Array.from(clean), corrupted: Float32Array.from(corrupted) };
  };
  const section = (of: ContrastValues) => {
    const token = (string: string) => ({ id: 1, string });
    const pairs = [{ answer: token(' Sorry'), distractor: token(' Sure') }] as ResultJson['pairs'];
    return contrastSection(of, { refusal: refusalContrast(of), result: { pairs } as ResultJson });
  };

  it('is counted over all comparisons, ties half', () => {
    const found = refusalContrast(values([1, 2, 2, -1], [2, 0, -3, 1]));
    // 1 wins 2 and ties 1; each 2 wins 3 and ties 1; −1 wins 1.
    expect(found.separation).toBe((2.5 + 3.5 + 3.5 + 1) / 16);
    expect(found.clean).toMatchObject({ mean: 1, least: -1, most: 2, refused: 0.75 });
    expect(found.clean.deviation).toBeCloseTo(Math.sqrt((0 + 1 + 1 + 4) / 3), 12);
    expect(found.corrupted.refused).toBe(0.5);
  });

  it.each([
    [values([3, 2], [1, -1]), null],
    [values([3, 0.5, 3, 3], [1, 1, 1, 1]), null],
    [values([3, 0.5, 0.5], [1, 1, 1]), 'in 33 % of comparisons, and a study asks for 75 %'],
    [
      values([-1, -2], [5, 6]),
      'the other way round: are clean and corrupted prompts, or answers and distractors, exchanged?',
    ],
  ])('stops a study below three quarters: %j', (of, reason) => {
    const found = stopReason(refusalContrast(of));
    if (reason === null) expect(found).toBeNull();
    else expect(found).toContain(reason);
  });

  it.each([
    [values([5, 6], [-5, -6]), 'The model tells the two apart: the refusing token is the likelier one after 100 % of'],
    [values([-1, -2], [-5, -6]), 'The model hardly refuses: the refusing token is the likelier one after 0 % of'],
    [values([5, 6], [1, 2]), 'The model refuses most of what it should not:'],
    [values([5, -1, -1], [-5, -6, -7]), 'The model refuses the smaller part of what it should:'],
    [values([5, 1, -1], [-5, -6, -7]), 'The model mostly refuses what it should:'],
  ])('is told in words that the numbers choose: %j', (of, words) => {
    const { paragraphs } = section(of);
    expect(paragraphs[0]).toContain('logit(Sorry) − logit(Sure) is');
    expect(paragraphs[1]).toContain(words);
  });

  it('says of few pairs that they prove little, and of one no deviation', () => {
    const little = (count: number) =>
      section(values(Array<number>(count).fill(5), Array<number>(count).fill(-5))).paragraphs;
    expect(little(8)).toHaveLength(2);
    expect(little(7)[2]).toContain('What is found on 7 pairs, and what agrees or disagrees below, need not hold');
    expect(little(7)[0]).toContain(
      '5 ± 0 after prompts to refuse and −5 ± 0 after the others (mean ± standard deviation).',
    );
    expect(little(1)[0]).toContain(
      'Over 1 pair, logit(Sorry) − logit(Sure) is 5 after prompts to refuse and −5 after the others.',
    );
  });
});

describe('pairs that the model cannot be asked', () => {
  const [first, second] = randomPairs(2) as [PairSpec, PairSpec];
  const long = { ...first, clean: { tokens: [1, 2, 3] } };
  const alike = { ...second, corrupted: second.clean };

  it('are left out, and told', async () => {
    const given = await prepareStudy({ model, pairs: [long, first, alike, second], seed: 0 });
    expect(given.pairs).toEqual([first, second]);
    expect(given.dataSet.pairs).toHaveLength(2);
    expect(given.dataSet.warnings).toEqual([
      'left out of the study: pairs[0]: clean has 3 tokens and corrupted 8; choose prompts of equal length',
      'left out of the study: pairs[2]: clean and corrupted are the same tokens; change at least one of them',
    ]);
  });

  it('are refused by the name of the data set, with the reasons, where nothing is left', async () => {
    const file = join(folder, 'mine.json');
    await writeFile(file, JSON.stringify([long, alike, long, long]));
    const preparing = prepareStudy({ model, pairs: { file }, seed: 0 });
    await expect(preparing).rejects.toThrow(NoUsablePairsError);
    await expect(preparing).rejects.toThrow(
      /^the data set "mine\.json" has no pair that this model can be asked: pairs\[0\]: clean has 3 tokens .*; pairs\[1\]: .* the same tokens.*; and 1 more; give other pairs/,
    );
    await expect(prepareStudy({ model, pairs: 'refusal', seed: 0 })).rejects.toThrow(
      'the data set "refusal": pairs: "refusal" needs a tokenizer and this model has none',
    );
  });
});

describe('a study that was stopped', () => {
  const startOf = async (step: string) => (await resultOf(step)).record.startedAt;

  it('by a step that fails says which, and goes on from those before it', async () => {
    const broken: Study = {
      ...study,
      async run({ step }) {
        await step('patch', { kind: 'activation-patching', options: { positions: 'last' } });
        await step('find', { kind: 'direction', options: { layers: [9] } });
        return { sections: [], claims: [] };
      },
    };
    const failing = run(broken, randomPairs(6));
    await expect(failing).rejects.toThrow(StudyStepError);
    await expect(failing).rejects.toThrow('step "find" of the study: options.layers[0]: 9 is no layer');
    await expect(failing).rejects.toMatchObject({ code: 'INVALID_SPEC' });
    const before = [await startOf('contrast'), await startOf('patch')];
    const report = await run(study, randomPairs(6));
    expect([await startOf('contrast'), await startOf('patch')]).toEqual(before);
    expect(report.steps.map(({ name }) => name)).toEqual(['contrast', 'patch', 'find']);
  });

  it('by its caller ends as cancelled', async () => {
    const controller = new AbortController();
    const onStep = ({ name }: StepPlace) => void (name === 'patch' && controller.abort(new CancelledError()));
    const { signal } = controller;
    await expect(run(study, randomPairs(6), { evenIfMixed: true, signal, onStep })).rejects.toThrow(CancelledError);
    await expect(stat(join(folder, 'steps/patch/result.json'))).rejects.toThrow('ENOENT');
    const before = await startOf('contrast');
    await run(study, randomPairs(6));
    expect(await startOf('contrast')).toBe(before);
  });

  it('takes nothing that is damaged, of other pairs, or of other weights', async () => {
    await run(study, randomPairs(6));
    const before = await Promise.all(['contrast', 'patch', 'find'].map(startOf));
    await writeFile(join(folder, 'steps/contrast/result.json'), '{"kind": "activations", "specHash"');
    const patch = await resultOf('patch');
    patch.record.model.weightsSha256 = '0'.repeat(64);
    await writeFile(join(folder, 'steps/patch/result.json'), JSON.stringify(patch));
    await rm(join(folder, 'steps/find/arrays.safetensors'));
    await run(study, randomPairs(6));
    const again = await Promise.all(['contrast', 'patch', 'find'].map(startOf));
    for (const [i, start] of again.entries()) expect(start).not.toBe(before[i]);
    const { steps } = await run(study, randomPairs(5));
    for (const [i, { record }] of steps.entries()) expect(record.startedAt).not.toBe(again[i]);
  });
});
