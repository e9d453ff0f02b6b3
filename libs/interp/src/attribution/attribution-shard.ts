/** One shard of an attribution experiment: the sum over its pairs of every edge's score. */
import type { Transformer } from '@demur/model/engine';
import { buildGraph } from '../graph/graph.ts';
import { openMetric } from '../metrics/open-metric.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { pairBlocks } from '../suffix/pair-block.ts';
import { eapScores } from './eap.ts';

type AttributionSpec = Extract<ExperimentSpec, { kind: 'attribution' }>;

/** Scores of the shard's pairs, zero where there is no edge: [senders, receivers]. */
export async function attributionShard(
  model: Transformer,
  spec: AttributionSpec,
  shard: Shard,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { kvHeads } = spec.options;
  const graph = buildGraph(model.config, kvHeads);
  const shape = [graph.senders.length, graph.receivers.length];
  const sum = new Float64Array(graph.mask.length);
  const blocks = pairBlocks(shard.pairs.map(({ pair }, place) => ({ place, pair })));
  const steps = 2 * model.config.nLayers * blocks.length;
  let done = 0;
  const onStep = (): void => onProgress(++done, steps);
  for (const block of blocks) {
    const metric = await openMetric(model, spec.metric, { pairs: block.pairs, readings });
    const scores = await eapScores(model, block, { kvHeads, metric, readings, cancel, onStep });
    for (let i = 0; i < sum.length; i++)
      sum[i] = (sum[i] as number) + (scores[i] as number) * (graph.mask[i] as number);
  }
  return { scores: { shape, values: Float32Array.from(sum) } };
}
