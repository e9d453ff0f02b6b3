/** One contract for every backend: the operations the engine stands on, against plain loops, in worker threads. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { backendNames, type BackendName } from '../../libs/model/src/backend/backend-name.ts';
import { probeBackend } from '../../libs/model/src/backend/probe-backends.ts';
import { webgpuMissing } from '../support/webgpu.ts';
import { operations } from './backend-contract.ts';
import type { OperationsAnswer, OperationsTask } from './backend-operations.ts';

const shared = new SharedArrayBuffer(2000 * 4);
new Float32Array(shared).forEach((_, index, all) => (all[index] = Math.sin(index * 1.7) * 2));

async function runOperations(backend: BackendName): Promise<OperationsAnswer> {
  const workerData: OperationsTask = { backend, shared };
  const worker = new Worker(new URL('./backend-operations.ts', import.meta.url), { workerData });
  const [answer] = (await once(worker, 'message')) as [OperationsAnswer];
  await worker.terminate();
  return answer;
}

/** Largest difference as a share of the largest expected value; NaN and infinities must be where they are expected. */
function expectOperations(answer: OperationsAnswer): void {
  for (const [name, { expected, tolerance = 1e-5 }] of Object.entries(operations)) {
    const { shape, values } = answer.outputs[name]!;
    expect(shape, name).toEqual(expected.shape);
    const scale = Math.max(1, ...expected.values.map(Math.abs).filter(Number.isFinite));
    for (const [index, value] of values.entries()) {
      const wanted = expected.values[index]!;
      if (!Number.isFinite(wanted)) expect(value, `${name}[${index}]`).toBe(wanted);
      else expect(Math.abs(value - wanted) / scale, `${name}[${index}] is ${value}`).toBeLessThan(tolerance);
    }
  }
}

const webgpuReason = await webgpuMissing();
if (webgpuReason !== undefined) console.warn(`WebGPU is not tested. ${webgpuReason}`);
const here = (backend: BackendName): boolean => backend !== 'webgpu' || webgpuReason === undefined;

for (const backend of backendNames) {
  describe.runIf(here(backend))(backend, () => {
    test('computes what plain loops compute, gives shared memory back as it is, and leaves no tensor', async () => {
      const answer = await runOperations(backend);
      expect(answer.name).toBe(backend);
      expectOperations(answer);
      expect(answer.shared).toEqual(Array.from(new Float32Array(shared)));
      expect(answer.left).toBe(0);
    });

    // One worker holds a GPU; and software takes long to compile the shaders twice.
    if (backend !== 'webgpu')
      test('runs in two threads over one shared buffer', async () => {
        const answers = await Promise.all([runOperations(backend), runOperations(backend)]);
        for (const answer of answers) expectOperations(answer);
      });

    test('is found by the probe, from a process without tensors', async () => {
      expect(await probeBackend(backend)).toMatchObject({ name: backend, works: true });
    });
  });
}

test('a probe that does not come back is reported, not thrown', async () => {
  const probe = await probeBackend('tensorflow', 1);
  expect(probe).toMatchObject({ works: false, reason: expect.stringContaining('SIGTERM') as string });
});
