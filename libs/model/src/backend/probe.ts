/**
 * The child process of `probe-backends.ts`: opens the backend named by its argument, multiplies two matrices, and
 * prints one line of JSON. It may crash; its parent reads the exit code.
 */
import * as tf from '@tensorflow/tfjs';
import { DemurError } from '../errors.ts';
import type { BackendName } from './backend-name.ts';
import { openBackend } from './open-backend.ts';
import type { ProbeAnswer } from './probe-backends.ts';

const size = 512;

async function probe(name: BackendName): Promise<ProbeAnswer> {
  try {
    const { version, describe, software } = await openBackend(name);
    const seconds = await timeProduct();
    if (seconds === undefined) return { works: false, reason: `${name} computes wrong products: do not use it here.` };
    return { works: true, version, describe, software, gflops: (2 * size ** 3) / seconds / 1e9 };
  } catch (error) {
    if (!(error instanceof DemurError)) throw error;
    return { works: false, reason: error.message };
  }
}

/** Seconds of a product of ones by halves, the best of three; undefined unless every element is size / 2. */
async function timeProduct(): Promise<number | undefined> {
  const ones = tf.ones<tf.Rank.R2>([size, size]);
  const halves = tf.fill<tf.Rank.R2>([size, size], 0.5);
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const values = await tf.tidy(() => tf.matMul(ones, halves)).data();
    best = Math.min(best, (performance.now() - start) / 1000);
    if (values.some((value) => value !== size / 2)) return undefined;
  }
  return best;
}

process.stdout.write(`${JSON.stringify(await probe(process.argv[2] as BackendName))}\n`);
