// Nothing leaks: live tensors are as many after every public call of the engine as before, also when a hook, a metric or a
// listener throws or the call is cancelled; and memory stays flat over hundreds of calls, in a process of its own.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { BLOCK_HOOKS, blockHook, GRADIENT_HOOKS, MODEL_HOOKS, type BackendName, type HookName } from '@demur/model';
import { generate, type Hooks, type Transformer } from '@demur/model/engine';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MemoryJob } from './resident-memory.ts';
import { tinyModel } from './tiny-model.ts';

const tokens = [
  [5, 9, 3, 33, 17, 40],
  [7, 7, 12, 50, 1, 28],
];

class Thrown extends Error {}
function thrower(): never {
  throw new Thrown('on purpose');
}

/** Every hook of the second layer, and the model's own, that a model has. */
function hooksOf({ config }: Transformer): HookName[] {
  const own = BLOCK_HOOKS.filter((hook) => config.postNorms || !/^ln._post/.test(hook));
  return [...MODEL_HOOKS, ...own.map((hook) => blockHook(1, hook))];
}

function gradientNames(model: Transformer): HookName[] {
  const hooks = hooksOf(model);
  return hooks.filter((name) => GRADIENT_HOOKS.some((hook) => name === hook || name === blockHook(1, hook as never)));
}

const metric = (normalized: tf.Tensor2D): tf.Tensor2D => tf.onesLike(normalized);

type Call = (model: Transformer) => unknown;

function forward(model: Transformer, options: Parameters<Transformer['forward']>[1]): void {
  model.forward(tokens, options).dispose();
}

/** Calls that end well. What a call hands out is disposed as its documentation says. */
const calls: Record<string, Call> = {
  'forward, last logits': (model) => forward(model, {}),
  'forward, all logits': (model) => forward(model, { logitsAt: 'all' }),
  'forward, no logits': (model) => forward(model, { logitsAt: 'none' }),
  'forward, every activation': (model) => forward(model, { capture: hooksOf(model), logitsAt: 'all' }),
  'forward, hooks that look': (model) =>
    forward(model, { hooks: Object.fromEntries(hooksOf(model).map((name) => [name, () => undefined])) }),
  'forward, hooks that replace': (model) =>
    forward(model, { hooks: replacing(hooksOf(model)), capture: hooksOf(model) }),
  'forward, keys and values': (model) => forward(model, { keepKeyValues: true }),
  'forward from a layer': (model) => {
    const resid = tf.zeros<tf.Rank.R3>([2, 6, model.config.dModel]);
    forward(model, { startLayer: 1, resid, logitsAt: 'all' });
    resid.dispose();
  },
  'prefix and what follows': (model) => {
    const prefix = model.prefix([[5, 9, 3]]);
    forward(model, { prefix, keepKeyValues: true, capture: [blockHook(0, 'attn.hook_pattern')] });
    tf.dispose(prefix.layers.flatMap(({ keys, values }) => [keys, values]));
  },
  gradients: (model) => tf.dispose([...model.gradients(tokens, metric, gradientNames(model)).values()]),
  'gradients of nothing': (model) => model.gradients(tokens, metric, []),
  generation: (model) => generate(model, tokens, { maxTokens: 4 }),
  'generation, sampled, edited, of two lengths': (model) =>
    generate(model, [tokens[0]!, [1, 2]], {
      maxTokens: 4,
      sampling: { temperature: 0.8, topK: 5, topP: 0.9, seed: 1 },
      stopTokens: [3],
      edits: [{ hook: 'blocks.*.hook_resid_post', mode: 'add', value: { shape: [], values: Float32Array.of(0.1) } }],
      onLogits: () => undefined,
    }),
};

/** Each activation doubled. */
function replacing(names: readonly HookName[]): Hooks {
  return Object.fromEntries(names.map((name) => [name, (x: tf.Tensor) => x.mul(2)]));
}

/** Calls that throw, midway where they can. */
const failures: Record<string, Call> = {
  'a hook that throws at the end': (model) =>
    forward(model, { hooks: { 'ln_final.hook_normalized': thrower }, capture: hooksOf(model), keepKeyValues: true }),
  'a hook that throws in a block': (model) =>
    forward(model, {
      hooks: { [blockHook(1, 'mlp.hook_post')]: thrower },
      capture: hooksOf(model),
      keepKeyValues: true,
    }),
  'a hook that throws behind a prefix': (model) => {
    const prefix = model.prefix([[5, 9, 3]]);
    try {
      forward(model, { prefix, hooks: { [blockHook(1, 'attn.hook_z')]: thrower } });
    } finally {
      tf.dispose(prefix.layers.flatMap(({ keys, values }) => [keys, values]));
    }
  },
  'a hook that replaces by another shape': (model) =>
    forward(model, { hooks: { [blockHook(1, 'hook_resid_mid')]: () => tf.ones([3, 3]) }, capture: hooksOf(model) }),
  'a metric that throws': (model) => model.gradients(tokens, thrower, gradientNames(model)),
  'a metric of another shape': (model) => model.gradients(tokens, () => tf.ones([2, 7]), gradientNames(model)),
  'tokens that the model does not have': (model) => void model.forward([[1, 2, 100_000]]),
  'rows of different lengths': (model) => void model.forward([[1, 2], [1]], { capture: hooksOf(model) }),
  'no tokens': (model) => void model.forward([]),
  'a start without an input': (model) => forward(model, { startLayer: 1 }),
  'generation whose listener throws': (model) => generate(model, tokens, { maxTokens: 4, onToken: thrower }),
  'generation whose logits are refused': (model) => generate(model, tokens, { maxTokens: 4, onLogits: thrower }),
  'generation that is cancelled': (model) => {
    let asked = 0;
    return generate(model, tokens, { maxTokens: 6, cancel: { throwIfCancelled: () => ++asked > 2 && thrower() } });
  },
  'generation with an edit that does not fit': (model) => {
    const value = { shape: [7], values: new Float32Array(7).fill(1) };
    return generate(model, tokens, {
      maxTokens: 4,
      edits: [{ hook: blockHook(1, 'mlp.hook_post'), mode: 'add', value }],
    });
  },
};

const models = (['tensorflow', 'wasm'] as const).flatMap((backend) =>
  ['llama_gqa_tied', 'gemma2', 'gpt2'].map((name): [BackendName, string] => [backend, name]),
);

describe.each(models)('live tensors on %s, %s', (backend, name) => {
  let model: Transformer;
  beforeAll(async () => {
    model = await tinyModel(name, backend);
    forward(model, {}); // makes what stays with the model
  });

  /** Runs on the backend of this block, whatever ran before. */
  async function growth(call: Call): Promise<{ tensors: number; error: unknown }> {
    await tf.setBackend(backend);
    const before = tf.memory().numTensors;
    const error: unknown = await Promise.resolve(model)
      .then(call)
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    return { tensors: tf.memory().numTensors - before, error };
  }

  it.each(Object.entries(calls))('%s', async (_, call) => {
    expect(await growth(call)).toEqual({ tensors: 0, error: null });
  });

  it.each(Object.entries(failures))('%s', async (_, call) => {
    const { tensors, error } = await growth(call);
    expect(error).toBeInstanceOf(Error);
    expect(tensors).toBe(0);
  });

  it('a model opened and disposed', async () => {
    expect(
      await growth(async () => {
        const other = await tinyModel(name, backend);
        forward(other, {});
        other.dispose();
      }),
    ).toEqual({ tensors: 0, error: null });
  });
});

/**
 * Of 200 calls after 60 that warm up, 20 at a time. Allocators, compiled code and the collector's habits still move memory,
 * now and then by a step of 4 MB, half of the time by less than 0.1 MB; one leaked activation of 33 kB would be 0.66 MB
 * every time.
 */
const MEDIAN_GROWTH_BYTES = 0.33e6;
const WHOLE_GROWTH_BYTES = 12e6;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

async function residentMemory(job: MemoryJob): Promise<{ samples: number[]; tensors: number }> {
  const child = fork(join(import.meta.dirname, 'resident-memory.ts'), [JSON.stringify(job)], {
    execArgv: ['--expose-gc'],
    env: { ...process.env, TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const [message] = (await once(child, 'message')) as [{ samples: number[]; tensors: number }];
  return message;
}

describe.each(['tensorflow', 'wasm'] as const)('resident memory on %s', (backend) => {
  /** How it grew after the first samples. */
  async function growth(
    what: MemoryJob['what'],
    every: number,
  ): Promise<{ median: number; whole: number; shown: string }> {
    const { samples } = await residentMemory({ backend, what, calls: 13 * every, every });
    const warm = samples.slice(2);
    const shown = warm.map((bytes) => (bytes / 1e6).toFixed(1)).join(' ');
    return { median: median(warm.slice(1).map((bytes, i) => bytes - warm[i]!)), whole: warm.at(-1)! - warm[0]!, shown };
  }

  it.each(['forward', 'gradients', 'generate'] as const)('is flat over 200 calls of %s', async (what) => {
    let found = await growth(what, 20);
    // On a busy machine allocators may move more: then at once of four times as many calls, whose leak would be four times as large.
    if (found.median >= MEDIAN_GROWTH_BYTES || found.whole >= WHOLE_GROWTH_BYTES) found = await growth(what, 80);
    expect(found.median, found.shown).toBeLessThan(MEDIAN_GROWTH_BYTES);
    expect(found.whole, found.shown).toBeLessThan(WHOLE_GROWTH_BYTES);
  });
});
