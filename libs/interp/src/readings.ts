/**
 * From tensors to their values, on every backend. TensorFlow and wasm hand values out at once; WebGPU only when the
 * device has worked, so that there a tensor is kept until `settle`. Not for tensors that no result needs.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';

/** Takes a tensor's values, row-major float32. They are only lent: copy what is to stay. */
export type UseValues = (values: Float32Array) => void;

/** The values that a shard still waits for. Whoever makes one disposes of it, also when the shard throws. */
export class Readings {
  readonly #waits = tf.getBackend() === 'webgpu';
  #waiting: { tensor: Tensor; use: UseValues }[] = [];

  /** Calls `use` with the tensor's values: now where the backend can, else in `settle`. The tensor may die after. */
  read(tensor: Tensor, use: UseValues): void {
    if (this.#waits) this.#waiting.push({ tensor: tf.keep(tensor.clone()), use });
    else use(tensor.dataSync<'float32'>());
  }

  /** Waits for every value asked for so far, and calls their `use` in the order of the reads. */
  async settle(): Promise<void> {
    const waiting = this.#waiting;
    const values = await Promise.all(waiting.map(({ tensor }) => tensor.data<'float32'>()));
    this.#waiting = [];
    tf.dispose(waiting.map(({ tensor }) => tensor));
    for (const [i, { use }] of waiting.entries()) use(values[i] as Float32Array);
  }

  /** Frees what nobody has waited for. */
  dispose(): void {
    tf.dispose(this.#waiting.map(({ tensor }) => tensor));
    this.#waiting = [];
  }
}

/** Runs `work` with readings of its own, waits for what it has asked for, and leaves no tensor behind. */
export async function withReadings<T>(work: (readings: Readings) => T | Promise<T>): Promise<T> {
  const readings = new Readings();
  try {
    const result = await work(readings);
    await readings.settle();
    return result;
  } finally {
    readings.dispose();
  }
}
