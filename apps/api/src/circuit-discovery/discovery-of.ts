/** What a circuit discovery found, from its result and its baselines. */
import type { Finding } from '../experiment/finding.ts';
import { mean } from '../patching-grid/grid-values.ts';
import type { DiscoveredCircuit } from './discovered-circuit.type.ts';

/** Null for another kind. */
export async function discoveryOf({ result, array }: Finding): Promise<DiscoveredCircuit | null> {
  const { spec, circuit, edges } = result;
  if (spec.kind !== 'circuit-discovery' || circuit === undefined) return null;
  const meanOf = async (name: string): Promise<number | null> => mean((await array(name))!.values);
  return {
    ...{ method: spec.options.method, ablation: spec.options.ablation },
    ...{ edgeCount: circuit.edges, nodeCount: circuit.nodes, graphEdgeCount: edges as number },
    faithfulness: circuit.faithfulness,
    metric: await meanOf('circuit.metric'),
    baselineClean: (await meanOf('baseline.clean'))!,
    baselineAblated: (await meanOf('baseline.ablated'))!,
    tested: circuit.tested ?? null,
    passes: circuit.passes ?? null,
  };
}
