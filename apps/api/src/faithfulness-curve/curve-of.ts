/** The curve of a circuit evaluation, from its result and its arrays [size, pair]. */
import type { Finding } from '../experiment/finding.ts';
import { mean } from '../patching-grid/grid-values.ts';
import type { FaithfulnessCurve } from './faithfulness-curve.type.ts';

/** Null for another kind. */
export async function curveOf({ result, array }: Finding): Promise<FaithfulnessCurve | null> {
  const { spec, sizes, edges, cpr = null, cmd = null } = result;
  if (spec.kind !== 'circuit-evaluation' || sizes === undefined) return null;
  const { values } = (await array('metric'))!;
  const pairs = values.length / sizes.length;
  const baseline = async (name: string): Promise<number> => mean((await array(name))!.values)!;
  return {
    points: sizes.map(({ edges: count, share, faithfulness, completeness = null }, at) => ({
      ...{ edges: count, share, faithfulness, completeness },
      metric: mean(values.subarray(at * pairs, (at + 1) * pairs)),
    })),
    ...{ edgeCount: edges as number, ablation: spec.options.ablation, cpr, cmd },
    baselineClean: await baseline('baseline.clean'),
    baselineAblated: await baseline('baseline.ablated'),
  };
}
