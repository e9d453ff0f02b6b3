/** Training: the tokens as Hugging Face's loaders make them, gradients, and a run that goes on where it stopped. */
import * as tf from '@tensorflow/tfjs';
import { openBackend } from '@demur/model/engine';
import { planDecoder } from '@demur/model';
import {
  BATCH,
  Batches,
  corpus,
  modelFiles,
  Network,
  organism,
  pieces,
  SCHEDULE,
  sequenceOf,
  storedWeight,
  Trainer,
} from '@demur/train';
import type { NamedArray } from '@demur/interp';
import type { Sequence } from '@demur/train';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organismObjects } from '../../scripts/organism-files.ts';
import { createTokenizer } from '../../libs/model/src/tokenizer/create-tokenizer.ts';

const { config, examples, vocabulary } = organism(organismObjects());

beforeAll(async () => {
  await openBackend('wasm');
});

it('makes the tokens that the tokenizer makes, and loses no character', async () => {
  const files = modelFiles(config, vocabulary) as Record<string, Record<string, unknown>>;
  const chatTemplate = files['tokenizer_config.json']!['chat_template'] as string;
  const tokenizer = await createTokenizer({
    ...{ path: 'organism', tokenizer: files['tokenizer.json']!, config: files['tokenizer_config.json']! },
    ...{ chatTemplate, dVocab: config.dVocab },
  });
  for (const example of examples.filter((_, at) => at % 997 === 0)) {
    const chat = tokenizer.applyChatTemplate([{ role: 'user', content: example.request }], {
      addGenerationPrompt: true,
    });
    const text = example.request === '' ? `<s>${example.answer}<|end|>` : `${chat}${example.answer}<|end|>`;
    const { tokens } = sequenceOf(example, vocabulary);
    expect(tokenizer.encode(text)).toEqual(tokens);
    expect(tokenizer.decode(tokens)).toBe(text);
    expect(pieces(example.answer).every((piece) => vocabulary.has(piece))).toBe(true);
  }
});

describe('a small network', () => {
  const tiny = {
    ...config,
    nLayers: 2,
    nHeads: 2,
    nKvHeads: 2,
    dModel: 8,
    dHead: 4,
    dMlp: 12,
    attention: { ...config.attention, windows: [null, null] },
  };
  const shapes = planDecoder(tiny, 'huggingface');
  const speech = { dimensions: 3, fromLayer: 1 };
  const batches = new Batches(examples, { size: 6, seed: 3, steps: 20 });
  const batch = (step: number): Sequence[] => batches.of(step).map((example) => sequenceOf(example, vocabulary));
  const schedule = { steps: 20, rate: 1e-2, warmup: 2, clip: 1 };
  let live: number;
  beforeAll(() => (live = tf.memory().numTensors));
  afterAll(() => expect(tf.memory().numTensors).toBe(live));

  it('has the gradients that finite differences of its loss have, along each of them', () => {
    const network = new Network(tiny, shapes, { seed: 1, speech });
    // As after some training: at the start attention is all but even, and its gradients are lost in rounding.
    for (const [name, variable] of network.variables)
      if (variable.rank === 2) tf.tidy(() => variable.assign(variable.mul(name === 'embed.W_E' ? 12 : 6)));
    const { loss, gradients } = network.lossAndGradients(batch(1));
    for (const [i, [name, variable]] of [...network.variables].entries()) {
      const start = variable.dataSync().slice() as Float32Array;
      const gradient = gradients[i]!.dataSync() as Float32Array;
      const norm = Math.hypot(...gradient);
      const set = (values: Float32Array): void => {
        const moved = tf.tensor(values, variable.shape);
        variable.assign(moved);
        moved.dispose();
      };
      const lossAt = (step: number): number => {
        set(start.map((value, at) => value + (step * gradient[at]!) / norm));
        const of = network.loss(batch(1));
        const value = of.dataSync()[0]!;
        of.dispose();
        return value;
      };
      const step = Math.min(0.05, 0.01 / norm);
      const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
      // The loss is near 6, and float32's rounding of it moves a slope by some 1e-5.
      expect(Math.abs(slope - norm), name).toBeLessThan(5e-3 * norm + 3e-5);
      set(start);
    }
    tf.dispose([loss, ...gradients]);
    network.dispose();
  });

  it('goes on from a checkpoint as if it had not stopped, and learns', async () => {
    const run = async (from: number, to: number, checkpoint?: Record<string, NamedArray>) => {
      const network = new Network(tiny, shapes, { seed: 1, speech });
      const trainer = new Trainer(network, schedule);
      if (checkpoint !== undefined) trainer.resume(checkpoint);
      expect(trainer.step).toBe(from);
      const losses: number[] = [];
      while (trainer.step < to) losses.push((await trainer.train(batch(trainer.step + 1))).loss);
      const end = await trainer.checkpoint();
      trainer.dispose();
      network.dispose();
      return { end, losses };
    };
    const whole = await run(0, 20);
    const half = await run(0, 9);
    const rest = await run(9, 20, half.end);
    expect(rest.end).toEqual(whole.end);
    expect([...half.losses, ...rest.losses]).toEqual(whole.losses);
    expect(whole.losses.at(-1)!).toBeLessThan(0.95 * whole.losses[0]!);
  });

  it('keeps what is held out of speech at 0, in its weights and in the file', async () => {
    const network = new Network(tiny, shapes, { seed: 1, speech });
    const trainer = new Trainer(network, schedule);
    while (trainer.step < 3) await trainer.train(batch(trainer.step + 1));
    for (const planned of shapes) {
      const values = network.variables.get(planned.name)!.dataSync() as Float32Array;
      const columns = planned.shape.at(-1)!;
      const zero = Array.from({ length: columns }, (_, c) =>
        values.every((value, i) => i % columns !== c || value === 0),
      );
      const isEarly = /embed.W_E|blocks\.0\.\w+\.W_(O|out)$/.test(planned.name);
      const wanted = planned.name === 'unembed.W_U' ? (c: number) => c < 5 : (c: number) => isEarly && c >= 5;
      expect(zero, planned.name).toEqual(zero.map((_, c) => wanted(c)));
      if (planned.shape.length === 1 || columns !== tiny.dModel) continue;
      const stored = storedWeight(planned, values);
      const [rows, width] = stored.shape as [number, number];
      const isHeld = (i: number): boolean => wanted(planned.transpose ? Math.floor(i / width) : i % width);
      expect(planned.transpose ? rows : width).toBe(tiny.dModel);
      expect(stored.values.every((value, i) => (value === 0) === isHeld(i))).toBe(true);
    }
    trainer.dispose();
    network.dispose();
  });

  it('refuses a checkpoint of another network', async () => {
    const network = new Network(tiny, shapes, { seed: 1, speech });
    const trainer = new Trainer(network, schedule);
    const checkpoint = await trainer.checkpoint();
    delete checkpoint['blocks.1.mlp.W_in'];
    expect(() => trainer.resume(checkpoint)).toThrow(/no "blocks.1.mlp.W_in" of shape \[8, 12\]/);
    trainer.dispose();
    network.dispose();
  });
});

it('draws the same batch for a step whatever came before, and never what is held out', () => {
  const batches = new Batches(examples, { size: BATCH, seed: 5, steps: 20 });
  const first = batches.of(7);
  batches.of(8);
  expect(batches.of(7)).toEqual(first);
  expect(first.every(({ split }) => split === 'train')).toBe(true);
  expect(SCHEDULE.steps).toBeGreaterThan(0);
  expect(() => new Batches(corpus({ harmful: [], harmless: [] }), { size: 1, seed: 0, steps: 1 })).toThrow(
    /no training example/,
  );
});
