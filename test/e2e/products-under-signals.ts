/**
 * A child process of the signal test: a worker thread multiplies matrices until standard input ends and compares every
 * product with the first. Signals come to all threads meanwhile. Prints one line of JSON at the end.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs';
import { openBackend } from '../../libs/model/src/backend/open-backend.ts';

/** What the process prints: how many signals its handler saw, how many products it made, how many were different. */
export interface SignalReport {
  signals: number;
  products: number;
  different: number;
}

/** @param isEnough becomes 1 when the signals have been sent */
async function multiply(isEnough: Int32Array): Promise<Omit<SignalReport, 'signals'>> {
  await openBackend('tensorflow');
  const [left, right] = [
    tf.randomNormal([256, 384], 0, 1, 'float32', 1),
    tf.randomNormal([384, 320], 0, 1, 'float32', 2),
  ];
  const product = () => tf.tidy(() => tf.matMul(left, right)).dataSync<'float32'>();
  const first = product();
  parentPort?.postMessage('ready');
  const report = { products: 0, different: 0 };
  while (Atomics.load(isEnough, 0) === 0) {
    const again = product();
    report.products++;
    if (again.some((value, index) => value !== first[index])) report.different++;
  }
  return report;
}

if (isMainThread) {
  let signals = 0;
  process.on('SIGWINCH', () => signals++);
  const isEnough = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: isEnough });
  process.stdin.resume().on('end', () => Atomics.store(isEnough, 0, 1));
  worker.on('message', (message: 'ready' | Omit<SignalReport, 'signals'>) => {
    if (message === 'ready') console.log('ready');
    else console.log(JSON.stringify({ ...message, signals }));
  });
} else {
  parentPort?.postMessage(await multiply(workerData as Int32Array));
}
