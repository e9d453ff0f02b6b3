/** What a head scan found, from its result and its arrays. */
import type { ResultJson } from '@demur/interp';
import type { Finding } from '../experiment/finding.ts';
import { gridValues, mean } from '../patching-grid/grid-values.ts';
import type { HeadScan, HeadValidation } from './head-scan.type.ts';

/** Null for another kind. */
export async function scanOf(experimentId: string, { result, array }: Finding): Promise<HeadScan | null> {
  const { spec, heads = [], pairs } = result;
  if (spec.kind !== 'head-scan') return null;
  const baseline = async (name: string): Promise<number> => mean((await array(name))!.values)!;
  return {
    ...{ experimentId, heads, pairCount: pairs.length },
    ...{ direction: spec.options.direction, position: spec.options.position },
    baselineClean: await baseline('baseline.clean'),
    baselineCorrupted: await baseline('baseline.corrupted'),
    validation: validationOf(result),
  };
}

/** What was not asked for is null. */
function validationOf({ validation }: ResultJson): HeadValidation | null {
  if (validation === undefined) return null;
  const { none = null, random = [], patch = null, ablate = null, steer = null } = validation;
  return { none, random, patch, ablate, steer };
}

/** Scores [layer][head], the mean over pairs or of one pair; null for layers that were not scanned. Throws `PairIndexError`. */
export async function headScores({ array }: Finding, pair: number | null): Promise<(number | null)[][]> {
  return gridValues((await array('head_scores.pair'))!, pair);
}
