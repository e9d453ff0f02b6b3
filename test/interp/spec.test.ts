/** The experiment specification: what it accepts, what it fills in, and every refusal with its path and its fix. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { availableKinds, parseSpec, specHash, specJsonSchema, SpecError } from '@demur/interp';

const pair = { clean: { tokens: [1, 2] }, corrupted: { tokens: [1, 3] }, answer: 5, distractor: ' pie' };
const spec = { kind: 'attribution', model: 'models/tiny', pairs: [pair] };
const patching = (options: object) => ({ ...spec, kind: 'activation-patching', options });
const activations = (options: object) => ({ ...spec, kind: 'activations', options });
const withPair = (change: object) => ({ ...spec, pairs: [pair, pair, pair, { ...pair, ...change }] });

function refusal(json: unknown): SpecError {
  try {
    parseSpec(json);
  } catch (error) {
    if (error instanceof SpecError) return error;
    throw error;
  }
  throw new Error('the spec was accepted');
}

describe('defaults', () => {
  it('fills those of an attribution', () => {
    expect(parseSpec(spec)).toEqual({
      ...spec,
      metric: 'logit-difference',
      options: {
        ...{ method: 'eap', steps: 5, grid: 'left', kvHeads: 'expanded', postNorm: 'jacobian', perPosition: false },
        ...{ bootstrap: 0, bootstrapTop: 100, checkExact: 0 },
      },
    });
  });

  it('fills those of activation patching', () => {
    expect(parseSpec({ ...spec, kind: 'activation-patching' }).options).toEqual({
      direction: 'denoising',
      activations: ['resid_pre'],
      positions: 'each',
    });
  });

  it('fills those of activations', () => {
    expect(parseSpec(activations({ names: ['blocks.*.hook_resid_pre', 'hook_embed'] })).options).toEqual({
      names: ['blocks.*.hook_resid_pre', 'hook_embed'],
      gradients: false,
      logits: 'none',
    });
  });

  it('fills those of steering and of generation', () => {
    const direction = { values: [1, 2] };
    const shared = { run: 'clean', stopTokens: [], refusalMatch: 'anywhere', temperature: 0 };
    expect(parseSpec({ ...spec, kind: 'steering', options: { direction, layers: [3] } }).options).toEqual({
      ...{ direction, mode: 'add', coefficients: [1], layers: [3], positions: 'all', logits: 'none' },
      ...{ ...shared, maxTokens: 0, stopAtEos: false },
    });
    const interventions = [{ direction: { file: 'v.safetensors', name: 'v' }, mode: 'ablate', layers: 'all' }];
    expect(parseSpec({ ...spec, kind: 'generation', options: { interventions } }).options).toEqual({
      ...{ ...shared, maxTokens: 64, stopAtEos: true },
      interventions: [{ ...interventions[0], coefficient: 1, positions: 'all' }],
    });
  });

  it('keeps what is given', () => {
    const options = { direction: 'noising', activations: ['z', 'mlp_out'], positions: [0, -1] };
    const given = { ...patching(options), seed: 3, pairs: 'bombs-and-pies' };
    expect(parseSpec(given)).toMatchObject(given);
  });
});

describe('hash', () => {
  it('is SHA-256 of the JSON with sorted keys and defaults', () => {
    const canonical =
      '{"kind":"activation-patching","metric":"logit-difference","model":"m","options":{"activations":["resid_pre"],' +
      '"direction":"denoising","positions":"each"},"pairs":"p"}';
    const sha256 = createHash('sha256').update(canonical).digest('hex');
    expect(specHash(parseSpec({ pairs: 'p', model: 'm', kind: 'activation-patching' }))).toBe(sha256);
  });

  it('does not depend on the order of keys, nor on defaults being written out', () => {
    const written = { options: { kvHeads: 'expanded', method: 'eap' }, pairs: spec.pairs, model: spec.model };
    expect(specHash(parseSpec({ ...written, kind: 'attribution' }))).toBe(specHash(parseSpec(spec)));
  });

  it('differs for another experiment', () => {
    const native = { ...spec, options: { kvHeads: 'native' } };
    expect(specHash(parseSpec(native))).not.toBe(specHash(parseSpec(spec)));
  });
});

describe('refusals', () => {
  const dataSet = 'the name of a data set, { "file": "pairs.jsonl" } or a non-empty list of pairs';
  const prompt =
    'a prompt: exactly one of { "tokens": [ids] }, { "text": "..." }, { "messages": [{ "role", "content" }] }';
  const somewhere = '"each", "all", "last" or a non-empty list of columns and roles, each once';

  it.each<[string, unknown, string, string]>([
    ['no object', 5, '', 'a spec is a JSON object { "kind", "model", "pairs", ... }, not 5'],
    ['a list', [], '', 'a spec is a JSON object { "kind", "model", "pairs", ... }, not []'],
    ['no kind', {}, 'kind', `missing; use ${availableKinds.join(', ')}`],
    [
      'an unknown kind',
      { ...spec, kind: 'patch' },
      'kind',
      `"patch" is not a kind of experiment; use ${availableKinds.join(', ')}`,
    ],
    [
      'an unknown field',
      { ...spec, modle: 1 },
      'modle',
      'not a field here; use kind, model, pairs, metric, seed, options',
    ],
    [
      'no model',
      { ...spec, model: undefined },
      'model',
      'missing; give a directory, a GGUF file, a Hub id or the name of a registered model',
    ],
    [
      'an empty model',
      { ...spec, model: '' },
      'model',
      '"" is not a directory, a GGUF file, a Hub id or the name of a registered model',
    ],
    ['no pairs', { ...spec, pairs: undefined }, 'pairs', `missing; give ${dataSet}`],
    ['an empty list of pairs', { ...spec, pairs: [] }, 'pairs', `[] is not ${dataSet}`],
    [
      'a pair that is a number',
      { ...spec, pairs: [5] },
      'pairs[0]',
      '5 is not a pair { "clean", "corrupted", "answer", "distractor" }',
    ],
    [
      'an unknown field of a pair',
      withPair({ role: 1 }),
      'pairs[3].role',
      'not a field here; use clean, corrupted, answer, distractor, roles',
    ],
    [
      'no answer',
      withPair({ answer: undefined }),
      'pairs[3].answer',
      'missing; give a token: an id or the exact text of one token',
    ],
    [
      'a fractional answer',
      withPair({ answer: 1.5 }),
      'pairs[3].answer',
      '1.5 is not a token: an id or the exact text of one token',
    ],
    ['a negative answer', withPair({ answer: -1 }), 'pairs[3].answer', '-1 is not a token id (0 or more)'],
    ['a prompt that is a string', withPair({ clean: 'hi' }), 'pairs[3].clean', `"hi" is not ${prompt}`],
    ['an empty prompt object', withPair({ clean: {} }), 'pairs[3].clean', `{} is not ${prompt}`],
    [
      'a chat without messages',
      withPair({ clean: { messages: [] } }),
      'pairs[3].clean.messages',
      '[] is not a non-empty list of messages',
    ],
    [
      'two prompts in one',
      withPair({ clean: { tokens: [1], text: 'a' } }),
      'pairs[3].clean',
      `{"tokens":[1],"text":"a"} is not ${prompt}`,
    ],
    [
      'a token that is text',
      withPair({ clean: { tokens: [1, 'a'] } }),
      'pairs[3].clean.tokens[1]',
      '"a" is not a token id (a whole number, 0 or more)',
    ],
    [
      'a negative token',
      withPair({ corrupted: { tokens: [-4] } }),
      'pairs[3].corrupted.tokens[0]',
      '-4 is not a token id (0 or more)',
    ],
    [
      'a message without content',
      withPair({ clean: { messages: [{ role: 'user' }] } }),
      'pairs[3].clean.messages[0].content',
      'missing; give a string',
    ],
    [
      'an unknown metric',
      { ...spec, metric: 'loss' },
      'metric',
      '"loss" is not "logit-difference", "answer-logprob", "kl-divergence", ' +
        '{ "refusalLogOdds": { "refuse": [tokens], "comply": [tokens] } } or { "projection": direction, "layer": layer }',
    ],
    [
      'no tokens of refusing',
      { ...spec, metric: { refusalLogOdds: { refuse: [] } } },
      'metric.refusalLogOdds.refuse',
      '[] is not a non-empty list of tokens, each an id or the exact text of one token',
    ],
    [
      'a field that token sets do not have',
      { ...spec, metric: { refusalLogOdds: { refuse: [1], accept: [2] } } },
      'metric.refusalLogOdds.accept',
      'not a field here; use refuse, comply',
    ],
    [
      'a token that is none',
      { ...spec, metric: { refusalLogOdds: { refuse: [1, -2] } } },
      'metric.refusalLogOdds.refuse[1]',
      '-2 is not a token id (0 or more)',
    ],
    [
      'a layer that is none',
      { ...spec, metric: { projection: { values: [1] }, layer: -1 } },
      'metric.layer',
      '-1 is not a layer (0 or more), after which the residual stream is read; the last one unless given',
    ],
    ['a fractional seed', { ...spec, seed: 0.5 }, 'seed', '0.5 is not a whole number'],
    ['options that are a number', { ...spec, options: 5 }, 'options', '5 is not an object'],
    [
      'an unknown option',
      { ...spec, options: { kvheads: 'native' } },
      'options.kvheads',
      'not a field here; use method, steps, grid, postNorm, kvHeads, perPosition, bootstrap, bootstrapTop, checkExact',
    ],
    [
      'an unknown method',
      { ...spec, options: { method: 'ig' } },
      'options.method',
      '"ig" is not one of "eap", "eap-ig"',
    ],
    ['no steps', { ...spec, options: { steps: 0 } }, 'options.steps', '0 is not a number of steps from 1 to 1000'],
    [
      'an unknown grid',
      { ...spec, options: { grid: 'middle' } },
      'options.grid',
      '"middle" is not one of "left", "right"',
    ],
    [
      'another way with post-norms',
      { ...spec, options: { postNorm: 'frozen' } },
      'options.postNorm',
      '"frozen" is not one of "jacobian", "ignore"',
    ],
    [
      'no edges at the top',
      { ...spec, options: { bootstrapTop: 0 } },
      'options.bootstrapTop',
      '0 is not a number of edges from 1 to 1000',
    ],
    [
      'unknown key/value heads',
      { ...spec, options: { kvHeads: 'both' } },
      'options.kvHeads',
      '"both" is not one of "native", "expanded"',
    ],
    [
      'a bootstrap of one resample',
      { ...spec, options: { bootstrap: 1 } },
      'options.bootstrap',
      '1 is not 0, or a number of resamples from 2 to 10000',
    ],
    [
      'an exact check',
      { ...spec, options: { checkExact: 5000 } },
      'options.checkExact',
      '5000 is not 0, or a number of edges up to 1000',
    ],
    [
      'activations without names',
      activations({}),
      'options.names',
      'missing; give a list of hook names such as "blocks.*.hook_resid_pre"',
    ],
    [
      'names that repeat',
      activations({ names: ['hook_embed', 'hook_embed'] }),
      'options.names',
      '["hook_embed","hook_embed"] is not a list without repeated names',
    ],
    [
      'unknown logits',
      activations({ names: [], logits: 'first' }),
      'options.logits',
      '"first" is not one of "none", "last", "all"',
    ],
    [
      'gradients that are text',
      activations({ names: [], gradients: 'yes' }),
      'options.gradients',
      '"yes" is not true or false',
    ],
    [
      'an unknown direction',
      patching({ direction: 'up' }),
      'options.direction',
      '"up" is not one of "denoising", "noising"',
    ],
    [
      'no activations',
      patching({ activations: [] }),
      'options.activations',
      '[] is not a non-empty list of activations',
    ],
    [
      'an unknown activation',
      patching({ activations: ['resid'] }),
      'options.activations[0]',
      '"resid" is not one of "resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out", "z", "q", "k", "v", "pattern"',
    ],
    ['no positions', patching({ positions: [] }), 'options.positions', `[] is not ${somewhere}`],
    ['an unknown position', patching({ positions: 'first' }), 'options.positions', `"first" is not ${somewhere}`],
    [
      'what can be no role',
      patching({ positions: [-1, 'the object'] }),
      'options.positions[1]',
      '"the object" is not a role of the pairs, such as "object", "after-object", "last" or "template[3]"',
    ],
    [
      'a fractional column',
      patching({ positions: [0.5] }),
      'options.positions[0]',
      '0.5 is not a column of the prompt (a whole number; negative counts from the end)',
    ],
  ])('%s', (_, json, path, message) => {
    const error = refusal(json);
    expect(error.issues[0]).toEqual({ path, message });
    expect(error.message).toBe(path === '' ? message : `${path}: ${message}`);
    expect(error).toMatchObject({ code: 'INVALID_SPEC', path: path === '' ? undefined : path });
  });

  it('names the hooks there are for a name that is none', () => {
    const { issues } = refusal(activations({ names: ['hook_embed', 'blocks.*.hook_resid'] }));
    expect(issues[0]?.path).toBe('options.names[1]');
    expect(issues[0]?.message).toMatch(/^"blocks\.\*\.hook_resid" is not a hook: .*blocks\.\*\.hook_resid_pre/);
  });

  it('names the hooks that have a gradient for one that has none', () => {
    const { issues } = refusal(activations({ names: ['blocks.*.ln1.hook_scale'], gradients: true }));
    expect(issues[0]).toMatchObject({ path: 'options.names[0]' });
    expect(issues[0]?.message).toMatch(/^"blocks\.\*\.ln1\.hook_scale" has no gradient; .*hook_resid_pre/);
  });

  const steering = (options: object) => ({
    ...spec,
    kind: 'steering',
    options: { direction: { values: [1] }, layers: 'all', ...options },
  });
  const layers = '"all" or a non-empty list of layers such as [12], each once';
  const direction =
    '{ "file": "x.safetensors", "name": "v" }, { "experiment": "its folder or id", "layer": 12, "position": -1 }, { "values": [numbers] } or the name of one on a server';

  it('takes a name of a direction alone', () => {
    const named = (direction: unknown) => parseSpec(steering({ direction })).options;
    expect(named('refusal')).toEqual(named({ slug: 'refusal' }));
  });

  it.each<[string, object, string, string]>([
    ['no direction', { direction: undefined }, 'direction', `missing; give a direction: ${direction}`],
    ['a direction without a name', { direction: '' }, 'direction', `"" is not a direction: ${direction}`],
    [
      'a direction of an experiment by its position alone',
      { direction: { experiment: 'x', position: -1 } },
      'direction.layer',
      'missing; give the layer with the position, or neither for the selected direction',
    ],
    ['a value that is no number', { direction: { values: [1, 'x'] } }, 'direction.values[1]', '"x" is not a number'],
    ['no layers', { layers: undefined }, 'layers', `missing; give ${layers}`],
    ['an empty list of layers', { layers: [] }, 'layers', `[] is not ${layers}`],
    ['a layer twice', { layers: [1, 1] }, 'layers', `[1,1] is not ${layers}`],
    ['a negative layer', { layers: [-1] }, 'layers[0]', '-1 is not a layer (0 or more)'],
    ['no coefficients', { coefficients: [] }, 'coefficients', '[] is not a non-empty list of coefficients'],
    [
      'coefficients of an ablation',
      { mode: 'ablate', coefficients: [1, 2] },
      'coefficients',
      '[1,2]: an ablation projects the direction out whole; leave coefficients out, or add instead',
    ],
    ['a mode that is none', { mode: 'remove' }, 'mode', '"remove" is not one of "add", "ablate"'],
    ['positions by number', { positions: [1] }, 'positions', '[1] is not one of "all", "last"'],
    ['a run that is none', { run: 'both' }, 'run', '"both" is not one of "clean", "corrupted"'],
    ['a negative temperature', { temperature: -1 }, 'temperature', '-1 is not a temperature, 0 or more; 0 is greedy'],
    [
      'top-k without a temperature',
      { topK: 5 },
      'topK',
      '5 has no effect on greedy decoding; give a "temperature" above 0, or leave it out',
    ],
    ['a probability beyond 1', { temperature: 1, topP: 2 }, 'topP', '2 is not a probability above 0, up to 1'],
    ['half a token', { maxTokens: 0.5 }, 'maxTokens', '0.5 is not a whole number of tokens'],
  ])('refuses steering with %s', (_, options, path, message) => {
    expect(refusal(steering(options)).issues[0]).toEqual({ path: `options.${path}`, message });
  });

  it('tells everything that is wrong', () => {
    const { issues } = refusal({ ...withPair({ answer: null }), seed: 'x', options: { steps: -1, a: 1, b: 2 } });
    expect(issues.map(({ path }) => path)).toEqual([
      'pairs[3].answer',
      'seed',
      'options.steps',
      'options.a',
      'options.b',
    ]);
  });
});

describe('JSON Schema', () => {
  it('has a branch a kind, in which only fields without a default are required', () => {
    const schema = specJsonSchema() as { oneOf: { properties: { kind: { const: string } }; required: string[] }[] };
    expect(schema.oneOf.map(({ properties }) => properties.kind.const)).toEqual([...availableKinds]);
    expect(schema.oneOf[2]?.required).toEqual(['kind', 'model', 'pairs']);
  });
});
