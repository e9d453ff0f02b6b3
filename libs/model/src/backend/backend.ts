import type { BackendName } from './backend-name.ts';

/** A backend that is open in this thread: every tfjs operation of the thread runs on it. */
export interface Backend {
  name: BackendName;
  /** Version of the library that computes: TensorFlow's own, or the wasm package's. */
  version: string;
  /** Threads within one operation. */
  threads: number;
  /** Why this one: a sentence. */
  reason: string;
  /** One line for people, such as `tensorflow 2.21.0 on the CPU, 1 thread`. */
  describe: string;
}

/** What one backend's file knows of itself; `open-backend.ts` adds the reason. */
export type LoadedBackend = Omit<Backend, 'reason'>;
