/**
 * How fast this machine runs a model's blocks, measured once a model's shape and pool: a task for a worker on a sample of
 * the model, one block of its shape with made-up weights. Measuring is calibrate.ts's part, in the worker.
 */
import type { ModelSource } from '@demur/model';
import type { EnginePool } from '../engine/pool.ts';

/** Seconds that a run of a block takes: call + row · rows + key · Σ over rows of their keys. */
export interface Pace {
  call: number;
  row: number;
  key: number;
}

export interface Calibration {
  forward: Pace;
  backward: Pace;
  /** Seconds of a small operation by itself. */
  operation: number;
  /** Seconds a number of an operation on many. */
  float: number;
  /** Bytes of float32 weights that are brought from disk in a second. */
  bytesPerSecond: number;
}

/** What a worker is asked. */
export interface CalibrationTask {
  calibrate: true;
}

const known = new WeakMap<EnginePool, Map<string, Promise<Calibration>>>();

/** The pool's pace on models of this shape; measured by the first call, on all workers at once as in a run. */
export function calibrationOf(source: ModelSource, pool: EnginePool): Promise<Calibration> {
  const ofPool = known.get(pool) ?? new Map<string, Promise<Calibration>>();
  known.set(pool, ofPool);
  const { residency } = pool.place(source);
  const key = JSON.stringify([source.path, source.config, residency.mode]);
  const calibration = ofPool.get(key) ?? measure(source, pool);
  ofPool.set(key, calibration);
  // What failed is tried again by the next call.
  calibration.catch(() => ofPool.delete(key));
  return calibration;
}

async function measure(source: ModelSource, pool: EnginePool): Promise<Calibration> {
  const bytesPerSecond = await source.readingSpeed();
  const place = pool.place(source);
  const sample = { ...place, residency: { ...place.residency, weightBytes: source.weightSizes.block }, isSample: true };
  const outcomes = await pool.runTogether(
    sample,
    Array.from({ length: pool.workersFor(sample) }, () => ({ calibrate: true as const })),
  );
  const mean = (name: string, at: number): number =>
    outcomes.reduce((sum, { arrays }) => sum + arrays[name]!.values[at]!, 0) / outcomes.length;
  const pace = (name: string): Pace => ({ call: mean(name, 0), row: mean(name, 1), key: mean(name, 2) });
  const beside = { operation: mean('elementwise', 0), float: mean('elementwise', 1) };
  return { forward: pace('forward'), backward: pace('backward'), ...beside, bytesPerSecond };
}
