/**
 * Measures in a worker how long a block takes, forwards and backwards: a few rows, many rows, and as many that see more
 * keys. Runs in the fraction of a second on a sample of the model.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { blockVjp, runBlock, scoped, tapeOf } from '@demur/model/engine';
import type { Block, RowGroup, Transformer } from '@demur/model/engine';
import type { NamedArray, ShardArrays, ShardOptions } from '../shard.ts';
import type { Pace } from './calibration.ts';

/** Own positions of each sequence of rows. */
const POSITIONS = 16;
/** Keys before them in the last measurement. */
const MORE_KEYS = 112;
/** Seconds that many rows should take, forwards and backwards together. */
const AIM_SECONDS = 0.12;
const MOST_ROWS = 1024;

/** Seconds of one way through the block. */
interface Timing {
  rows: number;
  keys: number;
  forward: number;
  backward: number;
}

/** Arrays `forward` and `backward` [call, row, key], and `elementwise` [operation, float]: see Calibration. */
export async function calibrate(model: Transformer, { cancel }: ShardOptions): Promise<ShardArrays> {
  const time = async (cells: number, moreKeys: number, times: number): Promise<Timing> => {
    const timings: Timing[] = [];
    for (let i = 0; i < times; i++) {
      cancel.throwIfCancelled();
      timings.push(await timeOnce(model, cells, moreKeys));
    }
    return medianOf(timings);
  };
  await time(1, 0, 2); // The first calls make what later ones have.
  const few = await time(1, 0, 5);
  const perRow = (few.forward + few.backward) / few.rows;
  const cells = Math.floor(Math.min(MOST_ROWS, Math.max(4 * POSITIONS, AIM_SECONDS / perRow)) / POSITIONS);
  const timings = { few, many: await time(cells, 0, 3), long: await time(cells, MORE_KEYS, 3) };
  const [operation, many] = [await timeElementwise(1), await timeElementwise(MANY_FLOATS)];
  return {
    forward: arrayOf(paceOf('forward', timings)),
    backward: arrayOf(paceOf('backward', timings)),
    elementwise: { shape: [2], values: Float32Array.of(operation, Math.max(0, many - operation) / MANY_FLOATS) },
  };
}

/** Numbers of a large elementwise operation, and how often one is repeated. */
const MANY_FLOATS = 2 ** 20;
const OPERATIONS = 16;

/** Seconds of one operation on so many numbers. */
async function timeElementwise(floats: number): Promise<number> {
  tf.engine().startScope();
  try {
    let x: Tensor2D = tf.randomUniform([1, floats], -1, 1);
    await settled(x);
    const start = performance.now();
    for (let i = 0; i < OPERATIONS; i++) x = tf.tidy(() => x.add<Tensor2D>(1));
    await settled(x);
    return (performance.now() - start) / 1000 / OPERATIONS;
  } finally {
    tf.engine().endScope();
  }
}

/** One block of `cells` sequences, and back; waits until the device has worked. */
async function timeOnce(model: Transformer, cells: number, moreKeys: number): Promise<Timing> {
  const { dModel, nKvHeads, dHead } = model.config;
  const rows = cells * POSITIONS;
  const before = (): Tensor4D => tf.randomUniform([nKvHeads, 1, moreKeys, dHead], -1, 1);
  // A scope that lasts over the waits, where `tf.tidy` cannot: nothing else runs in this thread.
  tf.engine().startScope();
  try {
    const fixed = moreKeys === 0 ? [] : [{ keys: before(), values: before() }];
    const group = model.group({ cells, start: moreKeys, positions: POSITIONS, fixed });
    const input: Tensor2D = tf.randomUniform([rows, dModel], -1, 1);
    await settled(input);
    return { rows, keys: POSITIONS + moreKeys, ...(await timeBlock(model, input, group)) };
  } finally {
    tf.engine().endScope();
  }
}

async function timeBlock(model: Transformer, input: Tensor2D, group: RowGroup) {
  const start = performance.now();
  const trace = model.withBlock(0, (block) => scoped(() => runBlock(block, input, [group])));
  await settled(trace.residPost);
  const middle = performance.now();
  const backward = (block: Block): Tensor2D =>
    scoped(() => blockVjp(block, tapeOf(trace), input, { group }).atInput().residPre);
  const residPre = model.withBlock(0, backward);
  await settled(residPre);
  const end = performance.now();
  return { forward: (middle - start) / 1000, backward: (end - middle) / 1000 };
}

/** Waits until the tensor has its values. */
async function settled(x: Tensor2D): Promise<void> {
  await tf.tidy(() => x.slice([0, 0], [1, 1])).data();
}

/** By the whole time. */
function medianOf(timings: Timing[]): Timing {
  const sorted = timings.toSorted((a, b) => a.forward + a.backward - (b.forward + b.backward));
  return sorted[Math.floor(sorted.length / 2)]!;
}

interface Timings {
  few: Timing;
  many: Timing;
  long: Timing;
}

/** Solves the three measurements for the pace; what noise makes negative is nothing. */
function paceOf(way: 'forward' | 'backward', { few, many, long }: Timings): Pace {
  const key = Math.max(0, (long[way] - many[way]) / (long.rows * (long.keys - many.keys)));
  const rest = (of: Timing): number => of[way] - key * of.rows * of.keys;
  const row = Math.max(0, (rest(many) - rest(few)) / (many.rows - few.rows));
  return { call: Math.max(0, rest(few) - row * few.rows), row, key };
}

function arrayOf({ call, row, key }: Pace): NamedArray {
  return { shape: [3], values: Float32Array.of(call, row, key) };
}
