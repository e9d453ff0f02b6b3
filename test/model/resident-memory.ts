/**
 * A child process of leaks.test.ts: makes the same call hundreds of times and prints what memory is resident, in bytes, at
 * regular times. Argument: { backend, what, calls, every }.
 */
import * as tf from '@tensorflow/tfjs';
import { blockHook, type BackendName, type HookName } from '@demur/model';
import { generate, type Transformer } from '@demur/model/engine';
import { randomModel } from './random-model.ts';

export interface MemoryJob {
  backend: BackendName;
  what: keyof typeof calls;
  calls: number;
  every: number;
}

const nLayers = 2;
/** 2 sequences of 16 tokens, width 256: one activation that leaks is 33 kB a call. */
const tokens = Array.from({ length: 2 }, (_, row) => Array.from({ length: 16 }, (_, at) => (7 * row + 3 * at) % 60));
const residuals: HookName[] = Array.from({ length: nLayers }, (_, layer) => blockHook(layer, 'hook_resid_pre'));

const calls = {
  forward: (model: Transformer) => model.forward(tokens, { capture: residuals }).dispose(),
  gradients: (model: Transformer) =>
    tf.dispose([...model.gradients(tokens, (normalized) => tf.onesLike(normalized), residuals).values()]),
  generate: (model: Transformer) =>
    generate(
      model,
      tokens.map((row) => row.slice(0, 8)),
      { maxTokens: 2 },
    ),
};

const { backend, what, calls: count, every } = JSON.parse(process.argv[2]!) as MemoryJob;
const attention = { scale: 1 / 8, softcap: null, windows: [null, null], qkNorm: false };
const model = await randomModel(
  { nLayers, attention, dModel: 256, nHeads: 4, nKvHeads: 2, dHead: 64, dMlp: 256 },
  backend,
);
const samples: number[] = [];
for (let done = 1; done <= count; done++) {
  await calls[what](model);
  if (done % every !== 0) continue;
  globalThis.gc?.();
  samples.push(process.memoryUsage.rss());
}
process.send!({ samples, tensors: tf.memory().numTensors });
process.disconnect();
