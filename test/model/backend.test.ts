/** One contract for every backend: the operations the engine stands on, against plain loops, in worker threads. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { backendNames, type BackendName } from '../../libs/model/src/backend/backend-name.ts';
import { probeBackend } from '../../libs/model/src/backend/probe-backends.ts';
import type { OperationsAnswer, OperationsTask } from './backend-operations.ts';

// a: [2, 3, 4] and b: [4, 5], in one buffer that the threads share.
const shared = new SharedArrayBuffer(44 * 4);
new Float32Array(shared).forEach((_, index, all) => (all[index] = Math.sin(index * 1.7) * 2));
const all = Array.from(new Float32Array(shared));
const a = (i: number, j: number, k: number) => all[i * 12 + j * 4 + k]!;
const b = (i: number, j: number) => all[24 + i * 5 + j]!;

/** Every index of a shape in row-major order, each turned into a value. */
function fill(shape: number[], value: (...index: number[]) => number) {
  const indices = shape.reduce<number[][]>(
    (some, size) => some.flatMap((i) => range(size).map((k) => [...i, k])),
    [[]],
  );
  return { shape, values: indices.map((index) => value(...index)) };
}

const range = (size: number) => Array.from({ length: size }, (_, index) => index);
const sum = (size: number, term: (index: number) => number) => range(size).reduce((total, i) => total + term(i), 0);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

const expected: Record<string, { shape: number[]; values: number[] }> = {
  matMulBroadcast: fill([2, 3, 5], (i = 0, j = 0, k = 0) => sum(4, (m) => a(i, j, m) * b(m, k))),
  matMulTransposed: fill([2, 3, 3], (i = 0, j = 0, k = 0) => sum(4, (m) => a(i, j, m) * a(i, k, m))),
  softmax: fill([2, 3, 4], (i = 0, j = 0, k = 0) => Math.exp(a(i, j, k)) / sum(4, (m) => Math.exp(a(i, j, m)))),
  gather: fill([3, 5], (i = 0, j = 0) => b([3, 0, 3][i] ?? 0, j)),
  slice: fill([1, 2, 3], (_, j = 0, k = 0) => a(1, j + 1, k)),
  concat: fill([2, 6, 4], (i = 0, j = 0, k = 0) => (j < 3 ? a(i, j, k) : -a(i, j - 3, k))),
  sigmoid: fill([2, 3, 4], (i = 0, j = 0, k = 0) => sigmoid(a(i, j, k))),
  rsqrt: fill([2, 3, 4], (i = 0, j = 0, k = 0) => 1 / Math.sqrt(a(i, j, k) ** 2 + 0.5)),
  transpose: fill([4, 2, 3], (i = 0, j = 0, k = 0) => a(j, k, i)),
  mean: fill([2, 3, 1], (i = 0, j = 0) => sum(4, (m) => a(i, j, m)) / 4),
  where: fill([2, 3, 4], (i = 0, j = 0, k = 0) => Math.max(0, a(i, j, k))),
  gradientOfSilu: fill([2, 3, 4], (i = 0, j = 0, k = 0) => {
    const s = sigmoid(a(i, j, k));
    return s + a(i, j, k) * s * (1 - s);
  }),
};

async function runOperations(backend: BackendName): Promise<OperationsAnswer> {
  const workerData: OperationsTask = { backend, shared };
  const worker = new Worker(new URL('./backend-operations.ts', import.meta.url), { workerData });
  const [answer] = (await once(worker, 'message')) as [OperationsAnswer];
  await worker.terminate();
  return answer;
}

function expectOperations(answer: OperationsAnswer): void {
  for (const [name, { shape, values }] of Object.entries(expected)) {
    const output = answer.outputs[name]!;
    expect(output.shape, name).toEqual(shape);
    output.values.forEach((value, index) => expect(value, `${name}[${index}]`).toBeCloseTo(values[index]!, 5));
  }
}

describe.each(backendNames)('%s', (backend) => {
  test('computes what plain loops compute', async () => {
    const answer = await runOperations(backend);
    expect(answer.name).toBe(backend);
    expectOperations(answer);
  });

  test('runs in two threads over one shared buffer', async () => {
    const answers = await Promise.all([runOperations(backend), runOperations(backend)]);
    for (const answer of answers) expectOperations(answer);
  });

  test('is found by the probe, from a process without tensors', async () => {
    expect(await probeBackend(backend)).toMatchObject({ name: backend, works: true });
  });
});

test('a probe that does not come back is reported, not thrown', async () => {
  const probe = await probeBackend('tensorflow', 1);
  expect(probe).toMatchObject({ works: false, reason: expect.stringContaining('SIGTERM') as string });
});
