/** What parent, engine host and worker threads say to each other. Types only. */
import type { BackendChoice, BackendName, ModelConfig, Precision, Residency, WeightRecipe } from '@demur/model';
import type { CalibrationTask } from '../cost/calibration.ts';
import type { CheckTask } from '../model-check/checks.ts';
import type { Shard, ShardArrays } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { ErrorReport } from './error-report.ts';

/** The backend that an engine runs on, and why that one. */
export interface BackendReport {
  name: BackendName;
  version: string;
  reason: string;
  precision: Precision;
  /** Whether one thread is all that a process may have: it holds a device. */
  onlyThread: boolean;
}

/** What the host is started with, as JSON in its first argument. */
export interface HostSettings {
  backend: BackendChoice;
  workers: number;
  /** Threads within one operation, of each worker. */
  threads: number;
  /** Bytes of weights that may be loaded: those that no run uses are dropped beyond it. */
  weightBytes: number;
}

/** A model on this machine: a directory or a GGUF file, and how much of it is to be in memory. */
export interface ModelRef {
  path: string;
  residency: Residency;
  /** Whether it is a sample: one block of its shape with made-up weights, for measuring how long it takes. */
  isSample?: boolean;
}

export interface ShardTask {
  spec: ExperimentSpec;
  shard: Shard;
}

/** What a worker thread runs: a shard of an experiment, a check of the model, or the measuring of its pace. */
export type EngineTask = ShardTask | CheckTask | CalibrationTask;

/** What a shard gave, or has given so far, and what that took. Times are milliseconds since 1970, of the machine's clock. */
export interface ShardOutcome {
  arrays: ShardArrays;
  startedAt: number;
  endedAt: number;
  /** Seconds spent on loading the model for this shard; 0 where it was loaded already. */
  loadSeconds: number;
  /** Seconds for which the worker waited for weights from disk; 0 for a model that is in memory. */
  diskSeconds: number;
  /** The most memory that the engine's process has had resident since this run began. */
  peakBytes: number;
}

/** The tasks of one run are its members: they run at the same time, each on a thread of its own. */
export type ToHost = { type: 'run'; id: number; model: ModelRef; tasks: EngineTask[] } | { type: 'cancel'; id: number };

export type FromHost =
  | { type: 'ready'; backend: BackendReport }
  | { type: 'refused'; error: ErrorReport }
  | { type: 'progress'; id: number; member: number; stage: 'load' | 'run'; done: number; total: number }
  | { type: 'checkpoint'; id: number; member: number; outcome: ShardOutcome }
  | { type: 'done'; id: number; outcomes: ShardOutcome[] }
  | { type: 'failed'; id: number; error: ErrorReport };

/** A loaded model as threads share it; `key` names it for `forget`. */
export interface SharedModel {
  key: string;
  config: ModelConfig;
  weights: WeightRecipe;
  /** What one worker's activations may take. */
  activationBytes: number;
}

export type ToThread =
  | { type: 'run'; model: SharedModel; task: EngineTask; cancelFlag: Int32Array<SharedArrayBuffer> }
  /** The values of all members, or that one of them has ended before it gave any. */
  | { type: 'exchanged'; values: Float32Array[] | null }
  | { type: 'forget'; key: string };

export type FromThread =
  | { type: 'ready'; backend: BackendReport }
  | { type: 'refused'; error: ErrorReport }
  | { type: 'progress'; done: number; total: number }
  | { type: 'checkpoint'; outcome: ThreadOutcome }
  | { type: 'exchange'; values: Float32Array }
  | { type: 'done'; outcome: ThreadOutcome }
  | { type: 'failed'; error: ErrorReport };

/** As `ShardOutcome`, seen by the thread; `openSeconds` is what it took to bring the weights to the backend. */
export interface ThreadOutcome {
  arrays: ShardArrays;
  startedAt: number;
  endedAt: number;
  openSeconds: number;
  diskSeconds: number;
}
