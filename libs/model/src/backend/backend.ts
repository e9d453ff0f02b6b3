import type { BackendName } from './backend-name.ts';

/** Of the numbers in products: tf32 has float32's range and 10 bits of its 23. Sums are float32 in both. */
export type Precision = 'float32' | 'tf32';

/** A backend that is open in this thread: every tfjs operation of the thread runs on it. */
export interface Backend {
  name: BackendName;
  /** Version of the library that computes: TensorFlow's own, Dawn's package, or the wasm package's. */
  version: string;
  /** Threads within one operation. */
  threads: number;
  precision: Precision;
  /** Why this one: a sentence. */
  reason: string;
  /** One line for people, such as `tensorflow 2.21.0 on the CPU, 1 thread`. */
  describe: string;
  /** Whether it imitates a GPU on the CPU: for tests, and slower than wasm. */
  software: boolean;
  /** Whether one thread of a process is to hold it, since it has a device's memory and all of its cores. */
  onlyThread: boolean;
  /** Waits until a device has done what it was given, and gives back what it keeps for tensors to come. */
  idle(): Promise<void>;
  /** Throws TensorTooLargeError where a float32 tensor of this shape, named `what`, cannot be held. */
  checkSize(what: string, shape: readonly number[]): void;
}

/** What one backend's file knows of itself; `open-backend.ts` adds the reason. */
export type LoadedBackend = Omit<Backend, 'reason'>;

/** A backend in the process's own memory, as much as the machine has: nothing to wait for, and no limit of its own. */
export const inMemory = {
  precision: 'float32',
  software: false,
  onlyThread: false,
  idle: async (): Promise<void> => undefined,
  checkSize: (): void => undefined,
} satisfies Partial<LoadedBackend>;
