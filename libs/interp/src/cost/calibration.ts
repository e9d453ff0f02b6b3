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
  const paces = (name: string): Pace => {
    const values = outcomes.map(({ arrays }) => arrays[name]!.values);
    const mean = (at: number): number => values.reduce((sum, of) => sum + of[at]!, 0) / values.length;
    return { call: mean(0), row: mean(1), key: mean(2) };
  };
  return { forward: paces('forward'), backward: paces('backward'), bytesPerSecond };
}
