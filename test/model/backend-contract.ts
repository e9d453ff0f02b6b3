/**
 * What every backend must compute: the operations that the engine stands on, each beside the same in plain loops over
 * doubles. Not a test: backend.test.ts runs it, in worker threads as the engine does.
 */
import * as tf from '@tensorflow/tfjs';

/** An array: row-major values of a shape. */
export interface Values {
  shape: number[];
  values: number[];
}

export interface Operation {
  run(): tf.Tensor;
  expected: Values;
  /** Largest difference, relative to the largest expected value or 1; by default that of float32 sums. */
  tolerance?: number;
}

const range = (size: number): number[] => Array.from({ length: size }, (_, index) => index);
const sum = (size: number, term: (index: number) => number): number => range(size).reduce((s, i) => s + term(i), 0);
const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Every index of a shape in row-major order, turned into a value. */
function fill(shape: number[], value: (...index: number[]) => number): Values {
  const strides = shape.map((_, axis) => count(shape.slice(axis + 1)));
  const values = range(count(shape)).map((i) => value(...shape.map((n, axis) => Math.floor(i / strides[axis]!) % n)));
  return { shape, values };
}

/** Numbers from −2 to 2 of a shape; another `seed` gives others. They are float32 numbers. */
function numbers(shape: number[], seed = 1): Values & { at: (...index: number[]) => number; tensor: () => tf.Tensor } {
  const values = range(count(shape)).map((i) => Math.fround(Math.sin((i + 1) * 1.7 * seed) * 2));
  return { shape, values, at: indexed({ shape, values }), tensor: () => tf.tensor(values, shape) };
}

const indexed =
  ({ shape, values }: Values) =>
  (...index: number[]): number =>
    values[index.reduce((at, i, axis) => at * shape[axis]! + i, 0)]!;

/** One value a row, in a table of special ones. */
const row = (values: number[]): { tensor: () => tf.Tensor1D; values: number[] } => ({
  tensor: () => tf.tensor1d(values),
  values,
});

const a = numbers([2, 3, 4]);
const b = numbers([4, 5], 2);
const wide = numbers([70, 130], 3);
const narrow = numbers([90, 130], 4);
const six = numbers([2, 3, 2, 4, 3, 2]);
const five = numbers([2, 3, 2, 4, 3]);
const rows = numbers([3, 1300]);
const parts = range(20).map((i) => numbers([3, i + 1], i + 1));
const extremes = row([-Infinity, -1e30, -200, -90, -1, -1e-6, 0, 1e-6, 1, 90, 200, 1e30, Infinity]);
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Scores [rows, keys] with the keys from `hidden` on at −∞, and their softmax. */
const masked = fill([6, 40], (i = 0, j = 0) => (j > i * 7 ? -Infinity : rows.at(0, i * 40 + j)));
const maskedAt = indexed(masked);
const softmaxOf = fill([6, 40], (i = 0, j = 0) => {
  const top = Math.max(...range(40).map((k) => maskedAt(i, k)));
  return Math.exp(maskedAt(i, j) - top) / sum(40, (k) => Math.exp(maskedAt(i, k) - top));
});

const each = (values: number[], f: (x: number) => number): Values => ({
  shape: [values.length],
  values: values.map(f),
});

export const operations: Record<string, Operation> = {
  'matMul with a batch that is repeated': {
    run: () => tf.matMul(a.tensor(), b.tensor().reshape([1, 4, 5])),
    expected: fill([2, 3, 5], (i = 0, j = 0, k = 0) => sum(4, (m) => a.at(i, j, m) * b.at(m, k))),
  },
  'matMul, transposed, of sizes that fill no tile': {
    run: () => tf.matMul(wide.tensor(), narrow.tensor(), false, true),
    expected: fill([70, 90], (i = 0, j = 0) => sum(130, (m) => wide.at(i, m) * narrow.at(j, m))),
  },
  'matMul with the first transposed': {
    run: () => tf.matMul(wide.tensor(), wide.tensor(), true, false),
    expected: fill([130, 130], (i = 0, j = 0) => sum(70, (m) => wide.at(m, i) * wide.at(m, j))),
  },
  'matMul of one row': {
    run: () => tf.matMul(wide.tensor().slice([7, 0], [1, 130]), narrow.tensor(), false, true),
    expected: fill([1, 90], (_, j = 0) => sum(130, (m) => wide.at(7, m) * narrow.at(j, m))),
  },
  'matMul of rank 5': {
    run: () => tf.matMul(five.tensor(), five.tensor(), true, false),
    expected: fill([2, 3, 2, 3, 3], (p = 0, q = 0, r = 0, i = 0, j = 0) =>
      sum(4, (m) => five.at(p, q, r, m, i) * five.at(p, q, r, m, j)),
    ),
  },
  softmax: {
    run: () => tf.softmax(a.tensor()),
    expected: fill(
      [2, 3, 4],
      (i = 0, j = 0, k = 0) => Math.exp(a.at(i, j, k)) / sum(4, (m) => Math.exp(a.at(i, j, m))),
    ),
  },
  'softmax of masked scores': { run: () => tf.softmax(tf.tensor(masked.values, masked.shape)), expected: softmaxOf },
  'softmax of scores plus a mask': {
    run: () => {
      const mask = fill([6, 40], (i = 0, j = 0) => (j > i * 7 ? -Infinity : 0));
      const scores = fill([6, 40], (i = 0, j = 0) => rows.at(0, i * 40 + j));
      return tf.softmax(tf.tensor(scores.values, scores.shape).add(tf.tensor(mask.values, mask.shape)));
    },
    expected: softmaxOf,
  },
  gather: {
    run: () => tf.gather(b.tensor(), tf.tensor1d([3, 0, 3], 'int32')),
    expected: fill([3, 5], (i = 0, j = 0) => b.at([3, 0, 3][i]!, j)),
  },
  slice: {
    run: () => tf.slice(a.tensor(), [1, 1, 0], [1, 2, 3]),
    expected: fill([1, 2, 3], (_, j = 0, k = 0) => a.at(1, j + 1, k)),
  },
  'slice of rank 4': {
    run: () => tf.slice(five.tensor().reshape([6, 2, 4, 3]), [1, 0, 2, 1], [4, 2, 2, 2]),
    expected: fill([4, 2, 2, 2], (i = 0, j = 0, k = 0, l = 0) =>
      five.at(Math.floor((i + 1) / 3), (i + 1) % 3, j, k + 2, l + 1),
    ),
  },
  concat: {
    run: () => tf.concat([a.tensor(), a.tensor().neg()], 1),
    expected: fill([2, 6, 4], (i = 0, j = 0, k = 0) => (j < 3 ? a.at(i, j, k) : -a.at(i, j - 3, k))),
  },
  'concat of more tensors than a shader binds': {
    run: () =>
      tf.concat(
        parts.map((part) => part.tensor()),
        1,
      ),
    expected: fill([3, 210], (i = 0, j = 0) => {
      const part = parts.findIndex((_, p) => j < ((p + 1) * (p + 2)) / 2);
      return parts[part]!.at(i, j - (part * (part + 1)) / 2);
    }),
  },
  'split into unequal parts': {
    run: () => tf.concat(tf.split(rows.tensor(), [100, 700, 500], 1).toReversed(), 1),
    expected: fill([3, 1300], (i = 0, j = 0) => rows.at(i, j < 500 ? j + 800 : j < 1200 ? j - 400 : j - 1200)),
  },
  'transpose of rank 3': {
    run: () => tf.transpose(a.tensor(), [2, 0, 1]),
    expected: fill([4, 2, 3], (i = 0, j = 0, k = 0) => a.at(j, k, i)),
  },
  'transpose of rank 6': {
    run: () => tf.transpose(six.tensor(), [3, 2, 1, 4, 0, 5]),
    expected: fill([4, 2, 3, 3, 2, 2], (i = 0, j = 0, k = 0, l = 0, m = 0, n = 0) => six.at(m, k, j, i, l, n)),
  },
  'transpose of rank 5': {
    run: () => tf.transpose(five.tensor(), [3, 1, 0, 2, 4]),
    expected: fill([4, 3, 2, 2, 3], (i = 0, j = 0, k = 0, l = 0, m = 0) => five.at(k, j, l, i, m)),
  },
  'mean of long rows': {
    run: () => tf.mean(rows.tensor(), -1, true),
    expected: fill([3, 1], (i = 0) => sum(1300, (j) => rows.at(i, j)) / 1300),
  },
  'sum over a middle axis': {
    run: () => tf.sum(five.tensor(), 1, true),
    expected: fill([2, 1, 2, 4, 3], (i = 0, _ = 0, k = 0, l = 0, m = 0) => sum(3, (j) => five.at(i, j, k, l, m))),
  },
  'product and sum of different shapes': {
    run: () =>
      a
        .tensor()
        .mul(tf.tensor1d(b.values.slice(0, 4)))
        .sub(a.tensor().mean(-1, true)),
    expected: fill([2, 3, 4], (i = 0, j = 0, k = 0) => a.at(i, j, k) * b.values[k]! - sum(4, (m) => a.at(i, j, m)) / 4),
  },
  'sums of many rows': {
    run: () => tf.sum(rows.tensor().reshape([1300, 3]), 0),
    expected: fill([3], (i = 0) => sum(1300, (j) => rows.values[j * 3 + i]!)),
  },
  tile: {
    run: () => tf.tile(a.tensor(), [1, 3, 1]),
    expected: fill([2, 9, 4], (i = 0, j = 0, k = 0) => a.at(i, j % 3, k)),
  },
  where: {
    run: () => tf.where(tf.greater(a.tensor(), 0), a.tensor(), tf.zerosLike(a.tensor())),
    expected: fill([2, 3, 4], (i = 0, j = 0, k = 0) => Math.max(0, a.at(i, j, k))),
  },
  'rsqrt and sqrt': {
    run: () => tf.rsqrt(tf.square(rows.tensor()).add(0.5)).mul(tf.sqrt(tf.square(rows.tensor()).add(0.25))),
    expected: fill([3, 1300], (i = 0, j = 0) => Math.sqrt((rows.at(i, j) ** 2 + 0.25) / (rows.at(i, j) ** 2 + 0.5))),
  },
  'tanh, also of what overflows': { run: () => extremes.tensor().tanh(), expected: each(extremes.values, Math.tanh) },
  'sigmoid, also of what overflows': {
    run: () => extremes.tensor().sigmoid(),
    expected: each(extremes.values, sigmoid),
  },
  'exp, also to 0 and ∞': {
    run: () => extremes.tensor().exp(),
    expected: each(extremes.values, (x) => Math.fround(Math.exp(x))),
  },
  erf: {
    run: () => tf.erf(tf.tensor1d(range(61).map((i) => (i - 30) / 10))),
    expected: fill([61], (i = 0) => erf((i - 30) / 10)),
  },
  'clip, step and relu': {
    run: () => {
      const x = rows.tensor();
      return x.clipByValue(-1, 1).add(x.step()).add(x.relu());
    },
    expected: fill([3, 1300], (i = 0, j = 0) => {
      const x = rows.at(i, j);
      return Math.max(-1, Math.min(1, x)) + (x > 0 ? 1 + x : 0);
    }),
  },
  'gradient of silu': {
    run: () => tf.grad((x) => tf.mul(x, tf.sigmoid(x)).sum())(a.tensor()),
    expected: fill([2, 3, 4], (i = 0, j = 0, k = 0) => {
      const s = sigmoid(a.at(i, j, k));
      return s + a.at(i, j, k) * s * (1 - s);
    }),
  },
};

/** erf(x) by its series, for |x| ≤ 3. */
function erf(x: number): number {
  let [total, term] = [0, x];
  for (let n = 0; n < 80; n++) {
    total += term / (2 * n + 1);
    term *= -(x * x) / (n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
