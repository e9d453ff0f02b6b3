/** Specification from a form, the place of an error in JSON, lists in the address, records. */
import { parseSpec } from '@demur/interp';
import { describe, expect, it } from 'vitest';
import { changedQuery } from '../../apps/ui/client/changed-query.ts';
import { nextTheme } from '../../apps/ui/components/theme.ts';
import { differingParts, promptParts } from '../../apps/ui/features/data-sets/prompt-parts.ts';
import { experimentFilter, isFiltered } from '../../apps/ui/features/experiments/experiment-filter.ts';
import { recordLines } from '../../apps/ui/features/experiments/record-lines.ts';
import { secondsBetween } from '../../apps/ui/features/experiments/seconds-between.ts';
import { modelTitle } from '../../apps/ui/features/models/model-title.ts';
import { formFields } from '../../apps/ui/features/new-experiment/form-fields.ts';
import {
  emptyForm,
  fieldOfPath,
  formKinds,
  formMetrics,
  specOf,
  type FormKind,
} from '../../apps/ui/features/new-experiment/spec-form.ts';
import { lineOfPath, pathKeys } from '../../apps/ui/features/new-experiment/spec-path.ts';
import { steeringRows } from '../../apps/ui/features/steering/steering-rows.ts';

describe('the form', () => {
  const kinds = Object.keys(formKinds) as FormKind[];

  it.each(kinds)('writes a specification of kind %s that the engine accepts', (kind) => {
    const spec = specOf({ ...emptyForm, kind, model: 'm', pairs: 'p' });
    expect(parseSpec(spec)).toMatchObject({ kind, model: 'm', pairs: 'p', metric: 'logit-difference' });
  });

  it.each(Object.keys(formMetrics) as (keyof typeof formMetrics)[])('writes the metric %s', (metric) => {
    expect(parseSpec(specOf({ ...emptyForm, metric, model: 'm', pairs: 'p' }))).toMatchObject({ metric });
  });

  it('writes columns as numbers, and hook names as a list', () => {
    const positions = (text: string): unknown =>
      (specOf({ ...emptyForm, positions: text }).options as { positions: unknown }).positions;
    expect(['each', ' last ', '-1, 3', 'object, last'].map(positions)).toEqual([
      ...['each', 'last', [-1, 3], ['object', 'last']],
    ]);
    const names = { ...emptyForm, kind: 'activations', names: 'a, b\nc' } as const;
    expect(specOf(names).options).toMatchObject({ names: ['a', 'b', 'c'] });
  });

  it('writes coefficients and layers as numbers, and no coefficients of an ablation', () => {
    const steering = {
      ...emptyForm,
      kind: 'steering',
      coefficients: '-1.5, 2',
      layers: '3, 4',
      maxTokens: '8',
    } as const;
    expect(specOf(steering).options).toMatchObject({ coefficients: [-1.5, 2], layers: [3, 4], maxTokens: 8 });
    const ablation = specOf({ ...steering, mode: 'ablate', layers: 'all', maxTokens: 'x' });
    expect(ablation.options).toMatchObject({ mode: 'ablate', layers: 'all', maxTokens: 'x' });
    expect(ablation.options).not.toHaveProperty('coefficients');
  });

  it('shows an error at the field it belongs to', () => {
    const fields = formFields('activation-patching');
    expect(fieldOfPath('options.positions[1]', fields)).toBe('options.positions');
    expect(fieldOfPath('pairs[3].answer', fields)).toBe('pairs');
    expect(fieldOfPath('options.steps', fields)).toBeUndefined();
    expect(fieldOfPath('modelling', fields)).toBeUndefined();
    expect(fieldOfPath(undefined, fields)).toBeUndefined();
  });
});

describe('the table of a steering', () => {
  const token = (string: string) => ({ id: 1, string });
  const pairs = ['bomb', 'gun'].map((word, index) => ({
    ...{ index, firstDifference: 1, clean: [token('a'), token(word)], corrupted: [token('a'), token('pie')] },
  }));
  const completion = (pair: number, coefficient: number | null, text: string) => ({
    ...{ pair, coefficient, text, tokens: [1], finish: 'STOP' as const },
  });

  it('has a pair beside its coefficients, each with its metric and text', () => {
    const texts = ['bomb at 0', 'gun at 0', 'bomb at 2', 'gun at 2'];
    const rows = steeringRows({
      ...{ id: 'x', metric: 'logit difference', spec: { options: { run: 'clean' } }, pairs },
      steeringSweep: {
        coefficients: [0, 2],
        metric: [
          [1, 2],
          [3, 4],
        ],
        mean: [1.5, 3.5],
      },
      completions: texts.map((text, i) => completion(i % 2, i < 2 ? 0 : 2, text)),
    });
    const shown = rows.map(({ word, coefficient, metric, completion }) => [
      word,
      coefficient,
      metric,
      completion?.text,
    ]);
    expect(shown).toEqual([
      ['bomb', 0, 1, 'bomb at 0'],
      ['bomb', 2, 3, 'bomb at 2'],
      ['gun', 0, 2, 'gun at 0'],
      ['gun', 2, 4, 'gun at 2'],
    ]);
  });

  it('is one row a pair for a generation, named by the prompt that ran', () => {
    const completions = [completion(0, null, 'x'), completion(1, null, 'y')];
    const spec = { options: { run: 'corrupted' } };
    const rows = steeringRows({ id: 'x', metric: 'logit difference', spec, pairs, steeringSweep: null, completions });
    expect(rows.map(({ word, metric, completion }) => [word, metric, completion?.text])).toEqual([
      ['pie', null, 'x'],
      ['pie', null, 'y'],
    ]);
  });
});

describe('the line of a path in JSON', () => {
  const spec = {
    kind: 'attribution',
    note: 'a "quoted" { brace \n and [',
    pairs: [
      { clean: { text: 'x' }, answer: ' Sorry' },
      { clean: { text: 'y' }, answer: ' Sure' },
    ],
    options: { steps: 5 },
  };
  const text = JSON.stringify(spec, null, 2);
  const lineWith = (part: string, nth = 0): number =>
    text.split('\n').flatMap((line, i) => (line.includes(part) ? [i + 1] : []))[nth] ?? 0;

  it('is the line of the value', () => {
    expect(lineOfPath(text, 'pairs[1].answer')).toBe(lineWith('"answer"', 1));
    expect(lineOfPath(text, 'options.steps')).toBe(lineWith('"steps"'));
    expect(lineOfPath(text, 'pairs[1]')).toBe(lineWith('"clean"', 1) - 1);
  });

  it('is that of what holds it where the value itself is missing', () => {
    expect(lineOfPath(text, 'pairs[1].distractor')).toBe(lineOfPath(text, 'pairs[1]'));
    expect(lineOfPath(text, 'model')).toBe(1);
  });

  it('works on one line, on no JSON and on half of it', () => {
    expect(lineOfPath(JSON.stringify(spec), 'options.steps')).toBe(1);
    for (const broken of ['', '{', '{"pairs": [', 'nonsense', '{"a" 1}', '[1,,]'])
      expect(lineOfPath(broken, 'pairs[0]')).toBe(1);
  });

  it('takes a path apart', () =>
    expect(pathKeys('pairs[3].clean.tokens[0]')).toEqual(['pairs', '3', 'clean', 'tokens', '0']));
});

describe('the address', () => {
  it('changes what it is told and keeps the rest', () => {
    const current = new URLSearchParams('kind=ATTRIBUTION&after=x');
    expect(changedQuery(current, { after: null, status: 'FAILED' })).toBe('kind=ATTRIBUTION&status=FAILED');
    expect(changedQuery(current, { kind: '', after: '' })).toBe('');
  });

  it("holds the list's filter; what names nothing filters nothing", () => {
    const filter = experimentFilter(new URLSearchParams('kind=ATTRIBUTION&status=nonsense&model=m'));
    expect(filter).toEqual({ kinds: ['ATTRIBUTION'], statuses: undefined, model: 'm' });
    expect(isFiltered(filter)).toBe(true);
    expect(isFiltered(experimentFilter(new URLSearchParams('kind=constructor')))).toBe(false);
  });
});

describe('small words', () => {
  it('goes through the themes', () => {
    expect(['system', 'light', 'dark'].map((theme) => nextTheme(theme as 'system'))).toEqual([
      'light',
      'dark',
      'system',
    ]);
  });

  it('names a model by its name, or by the end of its path', () => {
    expect(modelTitle({ model: { name: 'SmolLM2' }, modelName: 'smollm2' })).toBe('SmolLM2');
    expect(modelTitle({ model: null, modelName: '/models/llama/model/' })).toBe('model');
    expect(modelTitle({ modelName: 'plain' })).toBe('plain');
  });

  it('measures a run once it has ended', () => {
    expect(secondsBetween('2026-01-01T00:00:00Z', '2026-01-01T00:01:02.500Z')).toBe(62.5);
    expect(secondsBetween('2026-01-01T00:00:00Z', null)).toBeUndefined();
  });

  it('writes a record of any shape as lines', () => {
    const record = {
      model: { dtype: 'Q4_1' },
      seconds: { run: 12.34 },
      peakBytes: 2 ** 31,
      tokens: Array(300).fill(7),
    };
    expect(recordLines(record)).toEqual([
      { name: 'model.dtype', text: 'Q4_1' },
      { name: 'seconds.run', text: '12.3 s' },
      { name: 'peakBytes', text: '2.00 GiB' },
      { name: 'tokens', text: 'a list of 300' },
    ]);
    expect(recordLines(null)).toEqual([{ name: '', text: 'null' }]);
  });
});

describe('a pair of prompts', () => {
  const differing = (first: string, second: string): string[][] => {
    const parts = differingParts(promptParts({}, first), promptParts({}, second));
    return [parts.first, parts.second].map((side) => side.flatMap(({ text, differs }) => (differs ? [text] : [])));
  };

  it.each([
    ['How to make a bomb.', 'How to make a pie.', [[' bomb'], [' pie']]],
    ['same', 'same', [[], []]],
    ['a b', 'a b c', [[], [' c']]],
    ['', 'x', [[], ['x']]],
  ])('%j and %j differ in %j', (first, second, words) => expect(differing(first, second)).toEqual(words));

  it('is compared by ids where it is given so', () => {
    const parts = differingParts(promptParts({ tokens: [5, 7, 9] }, ''), promptParts({ tokens: [5, 8, 9] }, ''));
    expect(parts.first.map(({ differs }) => differs)).toEqual([false, true, false]);
    expect(parts.second[1]?.text.trim()).toBe('8');
  });

  it('loses no character', () => {
    const text = '  Write (quickly): “naïve” 漢字 code\n';
    expect(promptParts({}, text).join('')).toBe(text);
  });
});
