/** The sweep of a steering from its result and its arrays [coefficient, pair]. */
import type { ResultJson } from '@demur/interp';
import type { Finding } from '../experiment/finding.ts';
import { mean } from '../patching-grid/grid-values.ts';
import type { SteeringSweep } from './steering-sweep.type.ts';

/** Null for another kind. */
export async function sweepOf({ result, array }: Finding): Promise<SteeringSweep | null> {
  const { spec, sweep, refusals, refusalTokens } = result;
  if (spec.kind !== 'steering') return null;
  const { coefficients, run } = spec.options;
  const { shape, values } = (await array('metric'))!;
  const pairs = shape[1]!;
  const metric = coefficients.map((_, c) => values.subarray(c * pairs, (c + 1) * pairs));
  const baseline = async (name: string): Promise<number | null> => mean((await array(name))?.values ?? NONE);
  const column = <T>(of: (row: NonNullable<ResultJson['sweep']>[number]) => T): T[] | null => sweep?.map(of) ?? null;
  return {
    ...{ coefficients, metric: metric.map((row) => [...row]), mean: metric.map((row) => mean(row)!) },
    baseline: await baseline(`baseline.${run}`),
    flips: column(({ flips }) => flips),
    kl: column(({ kl }) => kl),
    logOdds: column(({ logOdds }) => logOdds),
    baselineLogOdds: await baseline('baseline.log_odds'),
    refusalTokens: refusalTokens?.refuse ?? [],
    refusalShare: (refusals?.share as number[] | undefined) ?? null,
    refused: (refusals?.refused as boolean[][] | undefined) ?? null,
  };
}

const NONE = new Float32Array(0);
