/** Streamed weights against resident ones: the same numbers bit for bit, from few slots, without leaks, errors in order. */
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import {
  blockHook,
  DemurError,
  openModelSource,
  planResidency,
  type ModelSource,
  type WeightRecipe,
} from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { executeShard } from '../../libs/interp/src/execute-shard.ts';
import type { ShardArrays } from '../../libs/interp/src/shard.ts';
import { parseSpec } from '../../libs/interp/src/spec.ts';
import { gradientsAt } from '../../libs/model/src/gradients.ts';
import { BlockSlots } from '../../libs/model/src/weights/block-slots.ts';
import { openWeights } from '../../libs/model/src/weights/model-weights.ts';
import { randomValues } from './tiny-model.ts';

const models = ['gpt2', 'llama_mha', 'llama_gqa_tied', 'gemma2', 'qwen2'];
const tokens = [
  [5, 9, 3, 33, 17, 40, 2, 21],
  [7, 7, 12, 50, 1, 28, 33, 6],
];

function sourceOf(name: string): Promise<ModelSource> {
  return openModelSource(fileURLToPath(new URL(`../golden/open/${name}/model`, import.meta.url)));
}

/** A recipe that streams, however small the model is. */
function streaming(source: ModelSource, slots: number, keepsUnembedding = false): WeightRecipe {
  const numbers = { budgetBytes: 1e9, activationBytes: 1e9, weightBytes: 1e9 };
  const recipe = source.streamWeights({ mode: 'streamed', slots, keepsUnembedding, ...numbers });
  return structuredClone(recipe);
}

describe('the plan of slots', () => {
  /** Runs passes up and down, and tells every block that was read, in order. */
  function reads(layers: number, slots: number, passes: ('up' | 'down')[]): number[][] {
    const asked: number[] = [];
    const held = new Map<number, number>();
    const plan = new BlockSlots(layers, slots, (layer, slot) => {
      asked.push(layer);
      held.set(slot, layer);
    });
    return passes.map((way) => {
      asked.length = 0;
      const order = Array.from({ length: layers }, (_, i) => (way === 'up' ? i : layers - 1 - i));
      for (const layer of order) {
        const slot = plan.take(layer);
        plan.readAhead(layer, way === 'up' ? layer + 1 : layer - 1);
        expect(held.get(slot)).toBe(layer);
        plan.release(slot);
      }
      return [...asked];
    });
  }

  it('reads each block once where all fit', () => {
    expect(reads(6, 6, ['up', 'down', 'up'])).toEqual([[0, 1, 2, 3, 4, 5], [], []]);
  });

  it('reads the next block while one computes, and turns without reading what it holds', () => {
    expect(reads(5, 2, ['up', 'down'])).toEqual([
      [0, 1, 2, 3, 4],
      [2, 1, 0],
    ]);
  });

  it('keeps as many blocks as fit from pass to pass', () => {
    const [first, second, third] = reads(32, 10, ['up', 'down', 'up']);
    expect(first).toHaveLength(32);
    expect(second!.length).toBeLessThanOrEqual(32 - 7);
    expect(third!.length).toBeLessThanOrEqual(32 - 7);
  });

  it('works with one slot, and refuses what it has no place for', () => {
    expect(reads(3, 1, ['up'])).toEqual([[0, 1, 2]]);
    const plan = new BlockSlots(3, 1, () => undefined);
    plan.take(0);
    expect(() => plan.take(1)).toThrow('all 1 slots are in use');
  });
});

describe('a budget of memory', () => {
  const gigabyte = 1e9;
  /** Llama 2 7B as float32. */
  const sizes = {
    all: 26.95 * gigabyte,
    block: 0.81 * gigabyte,
    small: 16_384,
    unembedding: 0.524 * gigabyte,
    layers: 32,
  };

  it('keeps what fits in memory, and streams the rest', () => {
    expect(planResidency('m', sizes, 48 * gigabyte)).toMatchObject({ mode: 'resident' });
    const plan = planResidency('m', sizes, 8 * gigabyte);
    expect(plan).toMatchObject({ mode: 'streamed', budgetBytes: 8 * gigabyte });
    if (plan.mode !== 'streamed') return;
    expect(plan.slots).toBeGreaterThanOrEqual(4);
    expect(plan.weightBytes + plan.activationBytes).toBeLessThan(8 * gigabyte);
    expect(plan.activationBytes).toBeGreaterThan(2 * gigabyte);
  });

  it('refuses what does not hold two blocks, and names a budget that does', () => {
    let message = '';
    try {
      planResidency('/models/llama', sizes, 2 * gigabyte);
    } catch (error) {
      expect(error).toBeInstanceOf(DemurError);
      message = (error as Error).message;
    }
    expect(message).toContain('/models/llama');
    expect(message).toContain('2GB');
    const enough = Number(/a memory of ([\d.]+)GB or more/.exec(message)?.[1]) * gigabyte;
    expect(planResidency('m', sizes, enough)).toMatchObject({ mode: 'streamed', slots: 2 });
  });
});

describe.each(['tensorflow', 'wasm'] as const)('%s', (backend) => {
  beforeAll(async () => {
    await openBackend(backend);
  });

  /** Logits, activations and gradients, as values by name. */
  function passes(model: Transformer): Record<string, Float32Array> {
    const found: Record<string, Float32Array> = {};
    const keep = (name: string, tensor: tf.Tensor): void => void (found[name] = tensor.dataSync<'float32'>().slice());
    const names = Array.from({ length: model.config.nLayers }, (_, layer) => blockHook(layer, 'hook_resid_pre'));
    for (const logitsAt of ['all', 'last'] as const) {
      const run = model.forward(tokens, { capture: names, logitsAt });
      keep(logitsAt, run.logits!);
      for (const [name, activation] of run.activations) keep(`${logitsAt} ${name}`, activation);
      run.dispose();
    }
    tf.tidy(() => {
      const logits = model.unembed(tf.tensor2d(randomValues(3 * model.config.dModel, 1), [3, model.config.dModel]));
      keep('gradient at the final norm', model.unembedVjp(logits, tf.softmax(logits)));
    });
    for (const tapeBudgetBytes of [1e9, 0]) {
      const metric = (): tf.Tensor2D =>
        tf.tidy(() => model.unembeddingRows([11, 12]).sub(model.unembeddingRows([30, 30])));
      const gradients = gradientsAt(model, tokens, { metric, at: names, tapeBudgetBytes });
      for (const [name, gradient] of gradients) keep(`${tapeBudgetBytes} ${name}`, gradient);
      tf.dispose([...gradients.values()]);
    }
    return found;
  }

  const pair = (clean: number[], corrupted: number[]) => ({
    clean,
    corrupted,
    answer: 11,
    distractor: 30,
    firstDifference: clean.findIndex((token, i) => token !== corrupted[i]),
  });
  const pairs = [
    pair([4, 8, 15, 16, 23, 42, 9, 1], [4, 8, 15, 16, 50, 42, 9, 1]),
    pair([8, 15, 16, 2], [8, 15, 17, 2]),
  ];

  function shard(model: Transformer, kind: string): Promise<ShardArrays> {
    const spec = parseSpec({ kind, model: '.', pairs: 'given' });
    const given = { index: 0, pairs: pairs.map((p, index) => ({ index, pair: p })), columns: 8, pairCount: 2 };
    const going = { cancel: { throwIfCancelled: () => undefined }, onProgress: () => undefined };
    return executeShard(model, spec, given, going);
  }

  it.each(models)('gives the numbers of %s in memory bit for bit, and leaves nothing behind', async (name) => {
    const source = await sourceOf(name);
    const resident = new Transformer(source.config, await source.loadWeights());
    const wanted = passes(resident);
    const wantedShards = [await shard(resident, 'attribution'), await shard(resident, 'activation-patching')];
    resident.dispose();
    for (const [slots, keepsUnembedding] of [
      [1, false],
      [2, true],
    ] as const) {
      const before = tf.memory().numTensors;
      const streamed = new Transformer(source.config, streaming(source, slots, keepsUnembedding));
      try {
        expect(passes(streamed)).toEqual(wanted);
        const [attribution, patching] = wantedShards;
        expect(await shard(streamed, 'attribution')).toEqual(attribution);
        expect(await shard(streamed, 'activation-patching')).toEqual(patching);
      } finally {
        streamed.dispose();
      }
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('frees a block when its work throws', async () => {
    const source = await sourceOf('llama_mha');
    const model = new Transformer(source.config, streaming(source, 1));
    const before = tf.memory().numTensors;
    const fail = (): never => {
      throw new Error('on purpose');
    };
    for (let i = 0; i < 3; i++) expect(() => model.withBlock(i % 2, fail)).toThrow('on purpose');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

describe('a file that changes under a streamed model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'demur-streamed-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function copyOf(name: string): Promise<{ source: ModelSource; file: string }> {
    const copy = join(folder, name);
    cpSync(fileURLToPath(new URL('../golden/open/llama_mha/model', import.meta.url)), copy, { recursive: true });
    return { source: await openModelSource(copy), file: join(copy, 'model.safetensors') };
  }

  const tensorOf = (layer: number) => `model.layers.${layer}.mlp.up_proj.weight`;

  function codeOf(work: () => unknown): string {
    try {
      work();
    } catch (error) {
      return (error as DemurError).code;
    }
    return 'none';
  }

  it.each([
    ['is gone', 'UNREADABLE_FILE', (file: string) => rmSync(file)],
    ['is cut off', 'TRUNCATED_FILE', (file: string) => truncateSync(file, 20_000)],
  ])('and %s is refused with %s', async (what, code, change) => {
    const { source, file } = await copyOf(what);
    const recipe = streaming(source, 2);
    change(file);
    expect(
      codeOf(() => {
        const weights = openWeights(recipe);
        try {
          weights.withBlock(source.config.nLayers - 1, -1, () => undefined);
        } finally {
          weights.close();
        }
      }),
    ).toBe(code);
  });

  it('and holds NaN is refused by the block that has it, when that is asked for, and again the next time', async () => {
    const { source, file } = await copyOf('nan');
    const recipe = streaming(source, 2);
    if ('buffer' in recipe) throw new Error('not streamed');
    const fd = openSync(file, 'r+');
    for (const layer of [1, 2]) {
      const { offset } = recipe.entries.get(tensorOf(layer))!;
      writeSync(fd, Buffer.alloc(4, 0xff), 0, 4, offset + 40);
    }
    closeSync(fd);
    const weights = openWeights(recipe);
    expect(weights.withBlock(0, 1, () => 'fine')).toBe('fine');
    // Layer 1 fails ahead of its time; layer 2 is told of its own failure first.
    for (const layer of [2, 1, 1, 2]) {
      const read = (): void => weights.withBlock(layer, 0, () => undefined);
      expect(read).toThrow(DemurError);
      expect(read).toThrow(`"${tensorOf(layer)}" holds NaN at element 10`);
    }
    expect(weights.withBlock(0, 1, () => 'fine')).toBe('fine');
    weights.close();
  });

  it.skipIf(process.platform !== 'linux')('leaves no thread and no open file behind', async () => {
    const { source } = await copyOf('threads');
    const held = () => ['task', 'fd'].map((what) => readdirSync(`/proc/self/${what}`).length);
    const open = () => {
      const weights = openWeights(streaming(source, 2));
      weights.withBlock(0, 1, () => undefined);
      weights.close();
    };
    open();
    await sleep(500);
    const before = held();
    for (let i = 0; i < 8; i++) open();
    await expect.poll(() => held().every((count, i) => count <= before[i]! + 1)).toBe(true);
  });

  it('is read no more once the weights are closed', async () => {
    const { source } = await copyOf('closed');
    const weights = openWeights(streaming(source, 1));
    weights.withBlock(0, -1, () => undefined);
    weights.close();
    weights.close();
    expect(() => weights.withBlock(1, -1, () => undefined)).toThrow('closed');
  });
});
