/** Completions with the other prompt's activations put in, against whole passes without a cache, token by token. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor3D } from '@tensorflow/tfjs';
import { parseSpec, SpecError } from '@demur/interp';
import type { HookName } from '@demur/model';
import type { Hooks, Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import { requireRoles } from '../../libs/interp/src/dataset/require-roles.ts';
import { requireFit } from '../../libs/interp/src/spec/fit.ts';
import type { ResolvedPair } from '../../libs/interp/src/shard.ts';
import { tinyModel } from '../model/tiny-model.ts';
import { going, shardOf, tinyColumns, tinyPairs } from './tiny-pairs.ts';

const MAX_TOKENS = 5;
const given = [{ clean: { tokens: [1] }, corrupted: { tokens: [2] }, answer: 1, distractor: 2 }];

function specOf(options: object, kind = 'generation') {
  return parseSpec({ kind, model: 'm', pairs: given, options });
}

const generation = (options: object) => specOf({ maxTokens: MAX_TOKENS, stopAtEos: false, ...options });

/** The completions [pair][token] that a shard of all tiny pairs gives. */
async function completions(model: Transformer, options: object): Promise<number[][]> {
  const { 'completions.tokens': tokens } = await executeShard(model, generation(options), shardOf(tinyPairs), going);
  return tinyPairs.map((_, i) => [...tokens!.values.subarray(i * MAX_TOKENS, (i + 1) * MAX_TOKENS)]);
}

type Run = 'clean' | 'corrupted';

/** Logits [dVocab] after `sequence`, in one pass over all of it, with `hook` of the other prompt at `positions` of the prompt. */
function patchedLogits(
  model: Transformer,
  { pair, run, made }: { pair: ResolvedPair; run: Run; made: number[] },
  patches: { hook: HookName; positions: number[] }[],
): Float32Array {
  const capture = patches.map(({ hook }) => hook);
  const source = model.forward([pair[run === 'clean' ? 'corrupted' : 'clean']], { capture, logitsAt: 'none' });
  const hooks: Hooks = Object.fromEntries(
    patches.map(({ hook, positions }) => {
      const other = source.activations.get(hook) as Tensor3D;
      const put = (own: tf.Tensor) =>
        tf.tidy(() => {
          const rows = Array.from({ length: own.shape[1]! }, (_, at) =>
            (positions.includes(at) ? other : own).slice([0, at, 0], [1, 1, own.shape[2]!]),
          );
          return tf.concat(rows, 1);
        });
      return [hook, put];
    }),
  );
  const whole = model.forward([[...pair[run], ...made]], { hooks });
  const logits = whole.logits!.dataSync<'float32'>().slice();
  source.dispose();
  whole.dispose();
  return logits;
}

function completed(
  model: Transformer,
  of: { pair: ResolvedPair; run: Run },
  patches: Parameters<typeof patchedLogits>[2],
) {
  const made: number[] = [];
  for (let i = 0; i < MAX_TOKENS; i++) {
    const logits = patchedLogits(model, { ...of, made }, patches);
    made.push(logits.indexOf(Math.max(...logits)));
  }
  return made;
}

describe.each([
  ['llama_gqa_tied', 'tensorflow'],
  ['gemma2', 'wasm'],
] as const)('%s, %s', (name, backend) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(name, backend);
  });
  afterAll(() => model.dispose());

  const placesOf = {
    object: (pair: ResolvedPair) => [...pair.roles!['object']!],
    '-3': (pair: ResolvedPair) => [pair.clean.length - 3],
    last: (pair: ResolvedPair) => [pair.clean.length - 1],
  };

  it.each<[string, keyof typeof placesOf, Run]>([
    ['resid_pre', 'object', 'corrupted'],
    ['resid_mid', '-3', 'clean'],
    ['resid_post', 'last', 'corrupted'],
    ['attn_out', 'last', 'clean'],
    ['mlp_out', 'object', 'corrupted'],
  ])('writes what whole passes with the patch do: %s at %s of the %s prompt', async (activation, place, run) => {
    const positions = [place === '-3' ? -3 : place];
    const got = await completions(model, { run, patches: [{ activation, layers: [0, 1], positions }] });
    const hooks = [0, 1].map((layer) => `blocks.${layer}.hook_${activation}` as HookName);
    const wanted = tinyPairs.map((pair) => {
      const patches = hooks.map((hook) => ({ hook, positions: placesOf[place](pair) }));
      return completed(model, { pair, run }, patches);
    });
    expect(got).toEqual(wanted);
  });

  it('writes what the other prompt is followed by where all of it is put in', async () => {
    const [clean, corrupted] = [await completions(model, {}), await completions(model, { run: 'corrupted' })];
    expect(clean).not.toEqual(corrupted);
    const patches = [{ layers: [0], positions: 'all' }];
    expect(await completions(model, { run: 'corrupted', patches })).toEqual(clean);
    expect(await completions(model, { run: 'clean', patches: [{ ...patches[0]!, layers: 'all' }] })).toEqual(corrupted);
  });

  it('has the run that activation patching measures: its metric is that of the first new token', async () => {
    const options = { activations: ['resid_pre'], positions: ['object'] };
    const { resid_pre: cells } = await executeShard(
      model,
      specOf(options, 'activation-patching'),
      shardOf(tinyPairs),
      going,
    );
    const layer = 1;
    for (const [i, pair] of tinyPairs.entries()) {
      const patch = { hook: `blocks.${layer}.hook_resid_pre` as const, positions: placesOf.object(pair) };
      const logits = patchedLogits(model, { pair, run: 'corrupted', made: [] }, [patch]);
      const metric = logits[pair.answer]! - logits[pair.distractor]!;
      expect(cells!.values[layer * tinyPairs.length + i]).toBeCloseTo(metric, 4);
    }
  });

  it('takes patches that overlap as one, and interventions after them', async () => {
    const once = { layers: [1], positions: ['object', 'last'] };
    const twice = [
      { layers: [1], positions: ['object'] },
      { layers: [0, 1], positions: ['last'] },
      { layers: [1], positions: ['object'] },
    ];
    const more = [once, { layers: [0], positions: ['last'] }];
    expect(await completions(model, { patches: twice })).toEqual(await completions(model, { patches: more }));
    const values = Array.from({ length: model.config.dModel }, (_, i) => 20 * Math.cos(i));
    const interventions = [{ direction: { values }, layers: [0] }];
    const other = await completions(model, { interventions });
    const patches = [{ layers: [0], positions: 'all' }];
    // With the other prompt put in at layer 0, what is added there acts on it.
    expect(await completions(model, { run: 'corrupted', patches, interventions })).toEqual(other);
    expect(await completions(model, { interventions: [] })).not.toEqual(other);
  });
});

describe('patches that cannot be', () => {
  const config = { nLayers: 3 } as Parameters<typeof requireFit>[1]['config'];

  it.each([
    [[], 'options.patches: [] is not a non-empty list of patches { "activation", "layers", "positions" }'],
    [[{ layers: [0] }], 'options.patches[0].positions: missing; give "all", "last" or a non-empty list'],
    [[{ positions: 'all' }], 'options.patches[0].layers: missing; give "all" or a non-empty list of layers'],
    [[{ layers: [0], positions: 'each' }], 'options.patches[0].positions: "each" is not "all", "last" or'],
    [
      [{ activation: 'z', layers: [0], positions: 'all' }],
      'options.patches[0].activation: "z" is not one of "resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out"',
    ],
  ])('are told by place, value and fix: %j', (patches, message) => {
    expect(() => generation({ patches })).toThrow(message);
  });

  it.each([
    [{ layers: [0, 3], positions: 'all' }, 'options.patches[0].layers[1]: 3 is no layer; the model has layers 0 to 2'],
    [{ layers: [0], positions: [-1, 8] }, 'options.patches[0].positions[1]: 8 is no column: the longest prompt has 8'],
  ])('are told once model and pairs are known: %j', (patch, message) => {
    const spec = generation({ patches: [patch] });
    expect(() => requireFit(spec, { config, columns: tinyColumns })).toThrow(SpecError);
    expect(() => requireFit(spec, { config, columns: tinyColumns })).toThrow(message);
  });

  it('name the pair that has no such role', () => {
    const spec = generation({ patches: [{ layers: [0], positions: ['object', 'subject'] }] });
    const message = 'options.patches[0].positions[1]: pairs[0] has no role "subject"; its roles';
    expect(() => requireRoles(spec, tinyPairs)).toThrow(message);
  });
});
