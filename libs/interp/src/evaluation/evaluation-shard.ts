/** The round of a circuit evaluation that runs the circuits. */
import type { Transformer } from '@demur/model/engine';
import { ablationOf } from '../circuit-runs/ablation.ts';
import { ShardCircuits } from '../circuit-runs/shard-circuits.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import { complementOf, evaluatedCircuits } from './evaluated-circuits.ts';
import type { EvaluationSpec } from './evaluated-circuits.ts';

/**
 * Round `evaluate`: `metric` [size, pair], of the complements `complement.metric` [size, pair] if asked, and `baseline.clean`,
 * `baseline.corrupted` and `baseline.ablated` [pair].
 */
export async function circuitEvaluation(
  model: Transformer,
  spec: EvaluationSpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { kvHeads, ablation, completeness } = spec.options;
  const graph = buildGraph(model.config, kvHeads);
  const given = shard.given ?? {};
  const own = evaluatedCircuits(spec, given, graph);
  const complements = completeness ? own.map((circuit) => complementOf(circuit, graph)) : [];
  const options = { metric: spec.metric, kvHeads, ablation: ablationOf(ablation, given) };
  const circuits = await ShardCircuits.open(model, shard, { ...options, ...work });
  try {
    const metrics = await circuits.run([...own, ...complements], (share) => work.onProgress(share, 1));
    const shape = [own.length, shard.pairs.length];
    const count = own.length * shard.pairs.length;
    return {
      metric: { shape, values: metrics.slice(0, count) },
      ...(completeness ? { 'complement.metric': { shape, values: metrics.slice(count) } } : {}),
      ...circuits.baselines,
    };
  } finally {
    circuits.dispose();
  }
}
