/**
 * The engine's own plain passes, timed: tokens as JSON on stdin, medians in seconds as JSON out. A process of its own with
 * TensorFlow's threads as PyTorch has them; experiments run otherwise, a thread a worker.
 * usage: engine-passes.ts MODEL REPEATS
 */
import { text } from 'node:stream/consumers';
import * as tf from '@tensorflow/tfjs';
import { blockHook, openModelSource } from '@demur/model';
import { openBackend, Transformer } from '@demur/model/engine';
import { median } from './median.ts';

const [path, repeats] = process.argv.slice(2) as [string, string];
const tokens = JSON.parse(await text(process.stdin)) as number[][];
await openBackend('tensorflow');
const source = await openModelSource(path);
const model = new Transformer(source.config, await source.loadWeights());
const everyResid = Array.from({ length: source.config.nLayers }, (_, layer) => blockHook(layer, 'hook_resid_pre'));

function forward(): void {
  const run = model.forward(tokens, { logitsAt: 'last' });
  run.logits?.dataSync();
  run.dispose();
}

function forwardBackward(): void {
  const direction = (): tf.Tensor2D => model.unembeddingRows(tokens.map(() => 0));
  const gradients = [...model.gradients(tokens, direction, everyResid).values()];
  gradients.at(-1)?.dataSync();
  tf.dispose(gradients);
}

function seconds(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1000;
}

function medianOf(run: () => void): number {
  run();
  return median(Array.from({ length: Number(repeats) }, () => seconds(run)));
}

const timed = { forward: medianOf(forward), forwardBackward: medianOf(forwardBackward) };
console.log(JSON.stringify({ ...timed, peakBytes: process.resourceUsage().maxRSS * 1024 }));
