/** What a shard of a circuit evaluation runs: the attribution that scores the edges, the circuits, and perhaps their complements. */
import { MIB_SIZES } from '../evaluation/evaluated-circuits.ts';
import type { EvaluationSpec } from '../evaluation/evaluated-circuits.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import { countCircuits, countScores } from './count-discovery.ts';
import type { PlannedRun, WorkCount } from './work-count.ts';

export function countEvaluation(spec: EvaluationSpec, shard: Shard, model: PlannedRun): WorkCount {
  const { circuit, sizes, completeness } = spec.options;
  const circuits = circuit === undefined ? (sizes?.length ?? MIB_SIZES) : 1;
  const layers = Array.from({ length: circuits * (completeness ? 2 : 1) }, () => 0);
  const count = countScores(spec, shard, model);
  for (const block of shardBlocks(shard)) count.scope(() => countCircuits(count, block, { spec, layers, model }));
  return count;
}
