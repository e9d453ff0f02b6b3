/** What is WebGPU's own: limits of the device's buffers, mistakes that it reports late, memory that it keeps. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { BackendUnavailableError } from '@demur/model';
import { openBackend, type Backend } from '@demur/model/engine';
import type { DawnBackend } from '../../libs/model/src/backend/dawn-backend.ts';
import { loadWebgpu } from '../../libs/model/src/backend/webgpu.ts';
import { webgpuMissing } from '../support/webgpu.ts';

const missing = await webgpuMissing();

describe.runIf(missing === undefined)('webgpu', () => {
  let backend: Backend;
  let device: DawnBackend;
  beforeAll(async () => {
    backend = await openBackend('webgpu');
    device = tf.backend() as DawnBackend;
  });

  const bytes = (): { used: number; allocated: number } => {
    const { numBytesInGPU, numBytesAllocatedInGPU } = device.memory();
    return { used: numBytesInGPU, allocated: numBytesAllocatedInGPU };
  };

  it('refuses a tensor that no buffer can hold, by its shape and the limit, and leaves none behind', () => {
    const rows = device.device.limits.maxStorageBufferBindingSize / 4096 + 1;
    const before = tf.memory().numTensors;
    const tile = (): tf.Tensor => tf.tidy(() => tf.tile(tf.ones([1, 1024]), [rows, 1]));
    expect(tile).toThrow(new RegExp(`shape \\[${rows}, 1024\\].* MiB; max(StorageBufferBinding|Buffer)Size of `));
    expect(() => backend.checkSize('The weight unembed.W_U', [rows, 1024])).toThrow(/weight unembed\.W_U \[/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('throws what the device has refused where values are read, once', async () => {
    device.device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
    const sum = tf.tidy(() => tf.ones([2000]).add(1));
    await expect(sum.data()).rejects.toThrow(/GPU has refused an operation: .*usage/i);
    const again = tf.tidy(() => sum.add(1));
    expect([...(await again.data())].every((value) => value === 3)).toBe(true);
    tf.dispose([sum, again]);
  });

  it('gives the memory of freed tensors back when it is idle, and keeps that of others', async () => {
    const kept = tf.tidy(() => tf.ones([3000]).add(1));
    for (let size = 100; size < 110; size++) tf.tidy(() => void tf.matMul(tf.ones([size, 500]), tf.ones([500, size])));
    await backend.idle();
    expect(bytes().allocated).toBe(bytes().used);
    expect(bytes().used).toBeLessThan(4 * 3000 * 2);
    expect((await kept.data())[2999]).toBe(2);
    kept.dispose();
  });

  it('says how to read values when they are asked for at once', () => {
    expect(() => tf.tidy(() => tf.ones([2000]).add(1).dataSync())).toThrow(/await tensor\.data\(\)/);
  });

  it('is not taken without being asked for where there is no GPU', async () => {
    const opened = loadWebgpu({ software: false });
    if (device.isSoftware) await expect(opened).rejects.toThrow(BackendUnavailableError);
    else expect((await opened).software).toBe(false);
  });
});
