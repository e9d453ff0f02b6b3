/** The engine's time for one experiment, in an engine of its own, so that the peak of memory is its own too. */
import { openEnginePool, parseSpec, runExperiment, type PairSpec } from '@demur/interp';
import { median } from './median.ts';

export interface Timed {
  /** Median over the runs; loading is left out. */
  seconds: number;
  peakBytes: number;
  /** The tensor library, and its version. */
  backend: string;
}

/** @param options.warm whether a first run is made that does not count. */
export async function timeExperiment(
  spec: { kind: string; options: object },
  {
    model,
    pairs,
    repeats,
    warm = true,
  }: { model: string; pairs: readonly PairSpec[]; repeats: number; warm?: boolean },
): Promise<Timed> {
  const pool = await openEnginePool();
  try {
    const parsed = parseSpec({ ...spec, model, pairs });
    const times: number[] = [];
    let peakBytes = 0;
    for (let run = warm ? -1 : 0; run < repeats; run++) {
      const { record } = (await runExperiment(parsed, { pool })).result;
      if (run >= 0) times.push(record.seconds.run);
      peakBytes = Math.max(peakBytes, record.peakBytes);
    }
    return { seconds: median(times), peakBytes, backend: `${pool.backend} ${pool.backendVersion}` };
  } finally {
    await pool.close();
  }
}
