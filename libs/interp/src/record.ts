/** The record of a run: everything that a reader needs to trust its numbers, or to get them again. */
import type { ModelConfig, ModelIdentity, ModelSource } from '@demur/model';
import { conventions } from './conventions.ts';
import type { EnginePool } from './engine/pool.ts';
import type { ModelRef } from './engine/protocol.ts';
import type { Resumed } from './kept-shards.ts';
import { lastCheck, type LastCheck } from './model-check/last-check.ts';
import type { ExperimentSpec } from './spec.ts';
import type { DirectionRecord } from './steering/directions.ts';
import { versions } from './versions.ts';

/** The sizes that circuits in files need, and their names do not tell. */
type ModelShape = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'nKvHeads' | 'dModel'>;

export interface RunRecord {
  model: ModelIdentity & { path: string; format: string; family: string; shape: ModelShape };
  /** `precision`: of the numbers in products, float32 unless a GPU was asked for tf32. */
  backend: { name: string; version: string; precision: string; reason: string; workers: number };
  /** The last `demur model check` of this model, on this backend by this version; null where there was none. */
  check: LastCheck | null;
  /** What the numbers mean: sign, gradient point, reduction. */
  conventions: Record<string, string>;
  /** Of steering and generation: the directions as they were read. */
  directions?: DirectionRecord[];
  seed: number | null;
  versions: Record<string, string>;
  /** Sentences of the linter about pairs that run but deserve a look. */
  warnings: string[];
  /** When the run began, ISO 8601. */
  startedAt: string;
  /** Of a run that went on where an earlier one was stopped: what it took from that. `seconds` are the sums over all of them. */
  resumed?: Resumed;
  /** Where the weights were: all in memory, or streamed from disk through so many slots of a block each. */
  residency: { mode: 'resident' | 'streamed'; budgetBytes: number; slots: number | null };
  /**
   * Wall seconds of loading the model, and of computing; the backend's start and tokenising are in neither. `disk`: of
   * those that computing took, spent waiting for streamed weights.
   */
  seconds: { load: number; run: number; disk: number };
  /** The most memory that the engine's process had resident. */
  peakBytes: number;
}

/** What a run knows about itself beyond its spec, model and engine. */
export type RunMeasures = Pick<
  RunRecord,
  'directions' | 'warnings' | 'startedAt' | 'resumed' | 'seconds' | 'peakBytes'
>;

/** The record of a run that has ended. Hashes the model's files, unless their hashes are known. */
export async function runRecord(
  spec: ExperimentSpec,
  { source, pool, model, measures }: { source: ModelSource; pool: EnginePool; model: ModelRef; measures: RunMeasures },
): Promise<RunRecord> {
  const { path, format, config } = source;
  return {
    model: { path, format, family: config.family, shape: shapeOf(config), ...(await source.identity()) },
    backend: {
      name: pool.backend,
      version: pool.backendVersion,
      precision: pool.precision,
      reason: pool.reason,
      workers: pool.workersFor(model),
    },
    residency: residencyOf(model),
    check: await lastCheck(source, pool.backend),
    conventions: conventions(spec),
    seed: spec.seed ?? null,
    versions: versions(),
    ...measures,
  };
}

function shapeOf({ nLayers, nHeads, nKvHeads, dModel }: ModelConfig): ModelShape {
  return { nLayers, nHeads, nKvHeads, dModel };
}

function residencyOf({ residency }: ModelRef): RunRecord['residency'] {
  const { mode, budgetBytes } = residency;
  return { mode, budgetBytes, slots: residency.mode === 'streamed' ? residency.slots : null };
}
