/** What a run took, summed over the runs of the program that it was stopped in. */
import type { RunMeasures } from './record.ts';
import type { Stint } from './shard-store.ts';

/**
 * Loading and computing overlap between workers: the wall time of each, as the engine's clock saw it. Time that was spent on
 * what no run has kept is not in it.
 */
export function timeSpent(stints: readonly Stint[]): Pick<RunMeasures, 'seconds' | 'peakBytes'> {
  const runs = [...Map.groupBy(stints, ({ runStartedAt }) => runStartedAt).values()];
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    seconds: {
      load: sum(runs.map((own) => Math.max(...own.map(({ loadSeconds }) => loadSeconds)))),
      run: sum(runs.map(wallSeconds)),
      disk: sum(stints.map(({ diskSeconds }) => diskSeconds)),
    },
    peakBytes: Math.max(...stints.map(({ peakBytes }) => peakBytes)),
  };
}

/** From the first start to the last end. */
function wallSeconds(stints: readonly Stint[]): number {
  const start = Math.min(...stints.map(({ startedAt }) => startedAt));
  return (Math.max(...stints.map(({ endedAt }) => endedAt)) - start) / 1000;
}
