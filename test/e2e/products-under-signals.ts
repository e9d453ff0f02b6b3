/**
 * A child process of the signal test: a worker thread multiplies matrices until the deadline and compares every
 * product with the first. Signals come to all threads meanwhile. Prints one line of JSON at the end.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { openBackend } from '../../libs/model/src/backend/open-backend.ts';

const durationMs = 4000;

/** What the process prints: how many signals its handler saw, how many products it made, how many were different. */
export interface SignalReport {
  signals: number;
  products: number;
  different: number;
}

async function multiply(): Promise<Omit<SignalReport, 'signals'>> {
  await openBackend('tensorflow');
  const [left, right] = [
    tf.randomNormal([256, 384], 0, 1, 'float32', 1),
    tf.randomNormal([384, 320], 0, 1, 'float32', 2),
  ];
  const product = () => tf.tidy(() => tf.matMul(left, right)).dataSync<'float32'>();
  const first = product();
  parentPort?.postMessage('ready');
  const deadline = performance.now() + durationMs;
  const report = { products: 0, different: 0 };
  while (performance.now() < deadline) {
    const again = product();
    report.products++;
    if (again.some((value, index) => value !== first[index])) report.different++;
  }
  return report;
}

if (isMainThread) {
  let signals = 0;
  process.on('SIGWINCH', () => signals++);
  const worker = new Worker(new URL(import.meta.url));
  worker.on('message', (message: 'ready' | Omit<SignalReport, 'signals'>) => {
    if (message === 'ready') console.log('ready');
    else console.log(JSON.stringify({ ...message, signals }));
  });
} else {
  parentPort?.postMessage(await multiply());
}
