/** One shard of an attribution experiment: the sum over its pairs of every edge's score, and what is asked for apart. */
import type { Transformer } from '@demur/model/engine';
import { buildGraph } from '../graph/graph.ts';
import { openMetric } from '../metrics/open-metric.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import { eapScores, stepsOf } from './eap.ts';
import { pathOf } from './path.ts';
import { ScoreSums } from './score-sums.ts';

type AttributionSpec = Extract<ExperimentSpec, { kind: 'attribution' }>;

/** Scores of the shard's pairs, zero where there is no edge. */
export async function attributionShard(
  model: Transformer,
  spec: AttributionSpec,
  shard: Shard,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { kvHeads, postNorm } = spec.options;
  const path = pathOf(spec.options);
  const sums = new ScoreSums(buildGraph(model.config, kvHeads), shard, spec.options);
  const blocks = shardBlocks(shard);
  for (const [i, block] of blocks.entries()) {
    const metric = await openMetric(model, spec.metric, { pairs: block.pairs, readings });
    const options = { kvHeads, postNorm, path, metric, readings, cancel, uses: sums.usesOf(block) };
    const steps = stepsOf(model, block, options);
    let done = 0;
    const onStep = (): void => onProgress(i + ++done / steps, blocks.length);
    await eapScores(model, block, { ...options, onStep });
  }
  return sums.arrays();
}
