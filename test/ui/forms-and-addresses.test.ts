/** Specification from a form, the place of an error in JSON, lists in the address, records. */
import { divergingColour } from '@demur/charts';
import { availableKinds, parseSpec, specJsonSchema } from '@demur/interp';
import { describe, expect, it } from 'vitest';
import { changedQuery } from '../../apps/ui/client/changed-query.ts';
import { nextTheme } from '../../apps/ui/components/theme.ts';
import { differingParts, promptParts } from '../../apps/ui/features/data-sets/prompt-parts.ts';
import { isFiltered } from '../../apps/ui/client/url-choice.ts';
import { experimentFilter } from '../../apps/ui/features/experiments/experiment-filter.ts';
import { kindNames, specKind } from '../../apps/ui/features/experiments/kinds.ts';
import { recordLines } from '../../apps/ui/features/experiments/record-lines.ts';
import { secondsBetween } from '../../apps/ui/features/experiments/seconds-between.ts';
import { modelTitle } from '../../apps/ui/features/models/model-title.ts';
import { formOfAddress } from '../../apps/ui/features/new-experiment/form-address.ts';
import { kindFields } from '../../apps/ui/features/new-experiment/kind-fields.ts';
import { presets } from '../../apps/ui/features/new-experiment/presets.ts';
import type { OptionValues } from '../../apps/ui/features/new-experiment/option-field.ts';
import {
  emptyForm,
  fieldOfPath,
  formPaths,
  metricWords,
  optionSchema,
  optionValues,
  shownFields,
  specOf,
  type SpecForm,
} from '../../apps/ui/features/new-experiment/spec-form.ts';
import {
  choicesOf,
  schemaAt,
  schemaKinds,
  type JsonSchema,
} from '../../apps/ui/features/new-experiment/spec-schema.ts';
import { evaluationAddress } from '../../apps/ui/features/circuits/evaluation-address.ts';
import { lineOfPath, pathKeys } from '../../apps/ui/features/new-experiment/spec-path.ts';
import type { ExperimentKind } from '../../apps/ui/graphql/graphql.ts';
import { candidateRows, effectsOf } from '../../apps/ui/features/directions/candidate-view.ts';
import { patchesOf, steeringRows } from '../../apps/ui/features/steering/steering-rows.ts';

describe('the form', () => {
  const schema = specJsonSchema() as JsonSchema;
  const kinds = (Object.keys(kindNames) as ExperimentKind[]).filter((kind) =>
    availableKinds.some((available) => available === specKind(kind)),
  );
  const filled = (kind: ExperimentKind, values: OptionValues = {}): SpecForm => ({
    ...{ ...emptyForm, kind, model: 'm', pairs: 'p' },
    options: { [kind]: { ...needed[kind], ...values } },
  });
  /** What has no default, and what no form could guess. */
  const needed: Partial<Record<ExperimentKind, OptionValues>> = {
    EDGE_PATCHING: { edges: 'm0->a1.h2<q>' },
    CIRCUIT_DISCOVERY: { tau: '0.01' },
  };
  const optionsOf = (form: SpecForm) => specOf(form, schema)['options'];

  it('knows every kind that the engine runs', () => {
    expect(kinds.map(specKind).toSorted()).toEqual([...availableKinds].toSorted());
    expect(schemaKinds(schema).toSorted()).toEqual([...availableKinds].toSorted());
  });

  it.each(kinds)('writes a specification of kind %s that the engine accepts, as are its presets', (kind) => {
    for (const values of [{}, ...Object.values(presets[kind] ?? {})]) {
      const spec = specOf(filled(kind, values), schema);
      expect(parseSpec(spec)).toMatchObject({ kind: specKind(kind), model: 'm', pairs: 'p' });
    }
  });

  it.each(kinds)('has fields of %s that its schema knows, and names choices that it has', (kind) => {
    for (const field of kindFields[kind].filter(({ control }) => control !== 'way')) {
      expect(optionSchema(schema, kind, field), field.path).toBeDefined();
      const choices = choicesOf(optionSchema(schema, kind, field));
      if (field.words) expect(choices.toSorted(), field.path).toEqual(Object.keys(field.words).toSorted());
    }
  });

  it.each(kinds)('shows fields of %s by others that it has', (kind) => {
    const paths = new Map(kindFields[kind].map((field) => [field.path, field]));
    for (const { when = {} } of kindFields[kind])
      for (const [path, values] of Object.entries(when)) {
        const field = paths.get(path)!;
        const known =
          field.control === 'way' ? Object.keys(field.words!) : choicesOf(optionSchema(schema, kind, field));
        expect(known, path).toEqual(expect.arrayContaining([...values]));
      }
  });

  it('begins with the defaults of the specification', () => {
    const values = optionValues(filled('ATTRIBUTION'), schema);
    expect(values).toMatchObject({ method: 'eap', kvHeads: 'expanded', bootstrap: '0', steps: '5' });
    expect(optionValues(filled('ACTIVATION_PATCHING'), schema)).toMatchObject({ positions: 'each' });
    expect(optionValues(filled('DIRECTION'), schema)).toMatchObject({ layers: 'all', position: '-1' });
  });

  it('offers the metrics of the specification, and writes the chosen one', () => {
    const names = choicesOf(schemaAt(schema, 'attribution', 'metric'));
    expect(names.toSorted()).toEqual(Object.keys(metricWords).toSorted());
    for (const metric of names)
      expect(parseSpec(specOf({ ...filled('ATTRIBUTION'), metric }, schema))).toMatchObject({ metric });
    expect(specOf(filled('ATTRIBUTION'), schema)).not.toHaveProperty('metric');
  });

  it('writes columns as numbers, and hook names as a list', () => {
    const positions = (text: string): unknown => optionsOf(filled('ACTIVATION_PATCHING', { positions: text }));
    for (const [text, read] of [
      ['each', 'each'],
      [' last ', 'last'],
      ['-1, 3', [-1, 3]],
      ['object, last', ['object', 'last']],
    ] as const)
      expect(positions(text)).toMatchObject({ positions: read });
    expect(positions('')).not.toHaveProperty('positions');
    expect(optionsOf(filled('ACTIVATIONS', { names: 'a, b\nc' }))).toMatchObject({ names: ['a', 'b', 'c'] });
  });

  it('writes patches as the JSON that they are, and other text as it is', () => {
    const patches = (text: string): unknown => specOf(filled('GENERATION', { patches: text }), schema);
    const [patch] = kindFields.GENERATION.flatMap(({ example }) => example ?? []);
    expect(parseSpec(patches(patch!))).toMatchObject({
      options: { patches: [{ layers: [8], positions: ['object'] }] },
    });
    expect(patches('[{ layers')).toMatchObject({ options: { patches: '[{ layers' } });
    expect(patches(' ')).not.toHaveProperty('options.patches');
    const wrong = 'options.patches[0].layers';
    expect(() => parseSpec(patches('[{ "layers": 8, "positions": "last" }]'))).toThrow(wrong);
    expect(fieldOfPath(wrong, formPaths(filled('GENERATION'), schema))).toBe('options.patches');
  });

  it('leaves out which layers are patched together until it is chosen', () => {
    expect(optionsOf(filled('ACTIVATION_PATCHING'))).not.toHaveProperty('layers');
    const upTo = specOf(filled('ACTIVATION_PATCHING', { layers: 'up-to', activations: ['attn_out'] }), schema);
    expect(parseSpec(upTo)).toMatchObject({ options: { layers: 'up-to' } });
  });

  it('writes coefficients and layers as numbers, and no coefficients of an ablation', () => {
    const steering = { coefficients: '-1.5, 2', layers: '3, 4', maxTokens: '8' };
    expect(optionsOf(filled('STEERING', steering))).toMatchObject({
      ...{ coefficients: [-1.5, 2], layers: [3, 4], maxTokens: 8 },
      direction: { file: 'direction.safetensors', name: 'direction' },
    });
    const named = { ...steering, 'direction.way': 'named', direction: 'refusal-l12' };
    expect(optionsOf(filled('STEERING', named))).toMatchObject({ direction: 'refusal-l12' });
    const ablation = optionsOf(filled('STEERING', { ...steering, mode: 'ablate', layers: 'all', maxTokens: 'x' }));
    expect(ablation).toMatchObject({ mode: 'ablate', layers: 'all', maxTokens: 'x' });
    expect(ablation).not.toHaveProperty('coefficients');
  });

  it('writes edges by name, all of them, or as the strongest of an attribution', () => {
    const edges = (values: OptionValues): unknown => optionsOf(filled('EDGE_PATCHING', values));
    expect(edges({ edges: 'm0->m1\ninput->a0.h1<k>' })).toMatchObject({ edges: ['m0->m1', 'input->a0.h1<k>'] });
    expect(edges({ edges: 'all' })).toMatchObject({ edges: 'all' });
    expect(edges({ 'edges.way': 'strongest', 'edges.top': '20', 'edges.of': 'out' })).toMatchObject({
      edges: { top: 20, of: 'out' },
    });
    expect(edges({ 'edges.way': 'found', 'edges.top': '20', 'edges.of.experiment': 'id' })).toMatchObject({
      edges: { top: 20, of: { experiment: 'id' } },
    });
  });

  it('names scores and circuits by their experiment, as a link may', () => {
    const written = (link: string) => optionsOf(formOfAddress(new URLSearchParams(link)));
    const scores = 'options.scores.experiment=id';
    expect(written(`kind=CIRCUIT_EVALUATION&options.circuit.way=experiment&${scores}`)).toMatchObject({
      ...{ scores: { experiment: 'id' }, select: 'greedy' },
    });
    expect(written('kind=CIRCUIT_EVALUATION&options.circuit.way=found&options.circuit.experiment=id')).toMatchObject({
      circuit: { experiment: 'id' },
    });
    expect(written(`kind=CIRCUIT_DISCOVERY&options.scores.way=found&${scores}`)).toMatchObject({
      ...{ method: 'greedy', scores: { experiment: 'id' } },
    });
  });

  it('hides, and does not write, what has no meaning beside the rest', () => {
    const shown = (values: OptionValues): string[] => {
      const form = filled('ATTRIBUTION', values);
      return shownFields('ATTRIBUTION', optionValues(form, schema)).map(({ path }) => path);
    };
    expect(shown({})).not.toContain('steps');
    expect(shown({ method: 'eap-ig' })).toContain('steps');
    expect(optionsOf(filled('ATTRIBUTION', { steps: '9' }))).not.toHaveProperty('steps');
    expect(optionsOf(filled('ATTRIBUTION', { method: 'eap-ig', steps: '9' }))).toMatchObject({ steps: 9 });
  });

  it('is filled from what was found, with the model, pairs and metric that have names', () => {
    const formOf = (...args: Parameters<typeof evaluationAddress>) =>
      formOfAddress(new URL(evaluationAddress(...args), 'http://demur').searchParams);
    const found = { model: 'tiny', pairs: 'refusal', metric: 'kl-divergence', options: { kvHeads: 'native' } };
    const byScores = formOf('id', 'experiment', found);
    expect(byScores).toMatchObject({ model: 'tiny', pairs: 'refusal', metric: 'kl-divergence' });
    expect(optionsOf(byScores)).toMatchObject({ kvHeads: 'native', scores: { experiment: 'id' } });
    const ofOne = formOf('id', 'found', { ...found, pairs: [], metric: { projection: 'x' } });
    expect(ofOne).toMatchObject({ model: 'tiny', pairs: '', metric: '' });
    expect(optionsOf(ofOne)).toMatchObject({ kvHeads: 'native', circuit: { experiment: 'id' } });
  });

  it('shows an error at the field it belongs to', () => {
    const fields = formPaths(filled('STEERING'), schema);
    expect(fieldOfPath('options.coefficients[1]', fields)).toBe('options.coefficients');
    expect(fieldOfPath('options.direction', fields)).toBe('options.direction.file');
    expect(fieldOfPath('options.direction.name', fields)).toBe('options.direction.name');
    expect(fieldOfPath('pairs[3].answer', fields)).toBe('pairs');
    expect(fieldOfPath('options.refusalWords', fields)).toBeUndefined();
    expect(fieldOfPath('modelling', fields)).toBeUndefined();
    expect(fieldOfPath(undefined, fields)).toBeUndefined();
  });

  it('is filled by a link', () => {
    const link = 'kind=EDGE_PATCHING&model=tiny&options.edges=m0->m1&options.perPair=true&options.nothing=1';
    const form = formOfAddress(new URLSearchParams(link.replaceAll('>', '%3E')));
    expect(form).toMatchObject({ kind: 'EDGE_PATCHING', model: 'tiny', pairs: '' });
    expect(form.options).toEqual({ EDGE_PATCHING: { edges: 'm0->m1', perPair: true } });
    expect(formOfAddress(new URLSearchParams('kind=circuit-evaluation'))).toMatchObject({ kind: 'CIRCUIT_EVALUATION' });
    expect(formOfAddress(new URLSearchParams('kind=toString'))).toMatchObject({ kind: emptyForm.kind });
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
        refused: [
          [true, false],
          [false, true],
        ],
      },
      completions: texts.map((text, i) => completion(i % 2, i < 2 ? 0 : 2, text)),
    });
    const shown = rows.map(({ word, coefficient, metric, completion, isRefusal }) => [
      ...[word, coefficient, metric, completion?.text, isRefusal],
    ]);
    expect(shown).toEqual([
      ['bomb', 0, 1, 'bomb at 0', true],
      ['bomb', 2, 3, 'bomb at 2', false],
      ['gun', 0, 2, 'gun at 0', false],
      ['gun', 2, 4, 'gun at 2', true],
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

it('says what was put in while a generation read its prompts', () => {
  const patches = [
    { activation: 'resid_pre', layers: [8], positions: ['object', -1] },
    { activation: 'attn_out', layers: 'all', positions: 'last' },
  ];
  expect(patchesOf({ options: { patches } })).toEqual([
    'resid_pre of layer 8 at object, -1',
    'attn_out of all layers at the last position',
  ]);
  expect(patchesOf({ options: {} })).toEqual([]);
});

describe('the candidates of a direction', () => {
  const candidates = {
    ...{ layers: [3, 5], positions: ['-2', '-1'], baselineClean: 2, baselineCorrupted: -1, unselected: null },
    norms: [
      [1, 2],
      [3, 4],
    ],
    ablation: [
      [2, 1],
      [0, -2],
    ],
    addition: [
      [-1, 0],
      [1, 3],
    ],
    kl: null,
    selected: { layer: 5, position: '-1', ablation: -2, addition: 3, kl: 0.1 },
  };

  it('stand with the last layer on top, the chosen one marked, doing nothing in the neutral colour', () => {
    const rows = candidateRows(candidates, 'ablation');
    expect(rows.map(({ layer, cells }) => [layer, ...cells.map(({ text }) => text)])).toEqual([
      [5, '0', '−2.00'],
      [3, '2.00', '1.00'],
    ]);
    expect(rows.map(({ cells }) => cells.map(({ isSelected }) => isSelected))).toEqual([
      [false, true],
      [false, false],
    ]);
    expect(rows[1]!.cells[0]!.colour).toBe(divergingColour(0));
    expect(rows[0]!.cells[1]!.colour).toBe(divergingColour(-0.5));
    expect(candidateRows(candidates, 'addition')[1]!.cells[0]!.colour).toBe(divergingColour(0));
  });

  it('show the effects that were tried', () => {
    expect(effectsOf(candidates)).toEqual(['ablation', 'addition', 'norms']);
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
