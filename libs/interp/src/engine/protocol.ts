/** What parent, engine host and worker threads say to each other. Types only. */
import type { BackendChoice, BackendName, ModelConfig, WeightStore } from '@demur/model';
import type { CheckTask } from '../model-check/checks.ts';
import type { Shard, ShardArrays } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { ErrorReport } from './error-report.ts';

/** The backend that an engine runs on, and why that one. */
export interface BackendReport {
  name: BackendName;
  version: string;
  reason: string;
  /** Whether one thread is all that a process may have: it holds a device. */
  onlyThread: boolean;
}

/** What the host is started with, as JSON in its first argument. */
export interface HostSettings {
  backend: BackendChoice;
  workers: number;
  /** Bytes of weights that may stay loaded after their run. */
  cacheBytes: number;
}

export interface ShardTask {
  spec: ExperimentSpec;
  shard: Shard;
}

/** What a worker thread runs: a shard of an experiment, or a check of the model. */
export type EngineTask = ShardTask | CheckTask;

/** What a shard gave, and what it took. Times are milliseconds since 1970, of the machine's clock. */
export interface ShardOutcome {
  arrays: ShardArrays;
  startedAt: number;
  endedAt: number;
  /** Seconds spent on loading the model for this shard; 0 where it was loaded already. */
  loadSeconds: number;
  /** The most memory that the engine's process has had resident since this run began. */
  peakBytes: number;
}

export type ToHost = { type: 'run'; id: number; modelPath: string; task: EngineTask } | { type: 'cancel'; id: number };

export type FromHost =
  | { type: 'ready'; backend: BackendReport }
  | { type: 'refused'; error: ErrorReport }
  | { type: 'progress'; id: number; stage: 'load' | 'run'; done: number; total: number }
  | { type: 'done'; id: number; outcome: ShardOutcome }
  | { type: 'failed'; id: number; error: ErrorReport };

/** A loaded model as threads share it; `key` names it for `forget`. */
export interface SharedModel {
  key: string;
  config: ModelConfig;
  weights: WeightStore;
}

export type ToThread =
  | { type: 'run'; model: SharedModel; task: EngineTask; cancelFlag: Int32Array<SharedArrayBuffer> }
  | { type: 'forget'; key: string };

export type FromThread =
  | { type: 'ready'; backend: BackendReport }
  | { type: 'refused'; error: ErrorReport }
  | { type: 'progress'; done: number; total: number }
  | { type: 'done'; outcome: ThreadOutcome }
  | { type: 'failed'; error: ErrorReport };

/** As `ShardOutcome`, seen by the thread; `openSeconds` is what it took to bring the weights to the backend. */
export interface ThreadOutcome {
  arrays: ShardArrays;
  startedAt: number;
  endedAt: number;
  openSeconds: number;
}
