/** What a shard of an attribution runs: both sides and the path forwards, the path backwards, and all edges' products. */
import { tapeBytes, type ModelConfig } from '@demur/model';
import { pairsPerUnit } from '../attribution/kept-scores.ts';
import { keepsTapes, pathChunks, rowsOfPass } from '../attribution/path-chunks.ts';
import { pathOf } from '../attribution/path.ts';
import { buildGraph, receiversPerLayer, type Graph } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { countPairRuns, prefixRows } from './count-pair-runs.ts';
import { WorkCount, type PlannedModel } from './work-count.ts';

type Options = SpecOf<'attribution'>['options'];
/** What of an attribution its cost depends on: also what other kinds say of the scores that they begin with. */
export type AttributionWork = Pick<SpecOf<'attribution'>, 'metric'> & {
  options: Pick<Options, 'method' | 'steps' | 'grid' | 'kvHeads' | 'bootstrap' | 'perPosition'>;
};

export function countAttribution(spec: AttributionWork, shard: Shard, model: PlannedModel): WorkCount {
  const { config } = model;
  const count = new WorkCount(config);
  const graph = buildGraph(config, spec.options.kvHeads);
  count.hold(sumBytes(spec.options, shard, graph));
  for (const block of shardBlocks(shard))
    count.scope(() => {
      countOpening(
        count,
        spec.metric,
        block.pairs.map(({ pair }) => pair),
        model,
      );
      for (const path of pathChunks(model, block, { path: pathOf(spec.options) }))
        count.scope(() => countPath(count, block, { spec, model, graph, path }));
    });
  return count;
}

/** The scores that a shard adds up, as float64 and as it hands them on, and those that it keeps apart. */
function sumBytes(
  { bootstrap, perPosition }: AttributionWork['options'],
  shard: Shard,
  { mask, edgeCount }: Graph,
): number {
  const units = bootstrap > 0 ? Math.ceil(shard.pairs.length / pairsPerUnit(shard.pairCount, edgeCount)) : 0;
  return mask.length * (12 + (perPosition ? 4 * shard.columns : 0) + (bootstrap > 0 ? 4 : 0)) + 4 * edgeCount * units;
}

interface PathOptions {
  spec: AttributionWork;
  model: PlannedModel;
  graph: Graph;
  path: readonly number[];
}

/** The points that run together. */
function countPath(count: WorkCount, block: PairBlock, { spec, model, graph, path }: PathOptions): void {
  const { config } = model;
  const { kvHeads, bootstrap, perPosition } = spec.options;
  const layers = metricLayers(spec.metric, config);
  const pairRows = block.pairs.length * suffixLength(block);
  const rows = { rows: pairRows * path.length, keys: block.length };
  const keeps = keepsTapes(config, block, { path, layers, budgetBytes: model.tapeBudgetBytes });
  const senders = 4 * (1 + layers * (config.nHeads + 1)) * pairRows * config.dModel;
  for (let layer = 0; layer < layers; layer++) {
    countPairRuns(count, block, { layers: 1, path });
    countHeadResults(count, pairRows, config);
    const inputs = 4 * rows.rows * config.dModel;
    const prefix = 4 * prefixRows(block).rows * 2 * config.nKvHeads * config.dHead;
    count.hold(inputs + prefix + (keeps ? tapeBytes(config, rowsOfPass(block, path), block.length) : 0));
    count.hold(senders / layers);
  }
  // The senders' parts and, for a moment, the same joined; then once more for every way in which scores are told apart.
  const apart = (bootstrap > 0 ? 1 : 0) + (perPosition ? 1 : 0);
  count.needs(senders);
  count.hold(senders * Math.max(0, apart - 1));
  countMetric(count, spec.metric, block.pairs.length * path.length, model);
  for (let layer = 0; layer < layers; layer++) {
    if (!keeps) count.blocks('trace', [rows]);
    count.blocks('backward', [rows]);
    countReceivers(count, pairRows, { config, points: path.length, kvHeads });
  }
  const receivers = layers * receiversPerLayer(config, kvHeads) + 1;
  const senderCount = 1 + layers * (config.nHeads + 1);
  count.product(senderCount, pairRows * config.dModel, receivers, Math.max(1, apart));
  const atOnce = Math.min(receivers, 64 + receiversPerLayer(config, kvHeads));
  const parts = (bootstrap > 0 ? block.pairs.length : 1) + (perPosition ? suffixLength(block) : 0);
  count.needs(4 * (2 * atOnce * pairRows * config.dModel + 2 * senderCount * atOnce * parts));
  count.elementwise(8 * Math.ceil(receivers / 64), 4 * graph.mask.length * parts);
  count.needs(graph.mask.length * 4);
}

/** Each head's contribution to the residual stream, of the difference of the sides. */
function countHeadResults(count: WorkCount, rows: number, { nHeads, dHead, dModel }: ModelConfig): void {
  count.product(rows, nHeads * dHead, dModel);
  count.elementwise(20, 4 * rows * nHeads * dModel);
  count.needs(4 * 2 * rows * nHeads * dModel);
}

/** The gradient at a layer's receivers: each head's own product with its weight, and what it sees of the norm's unit. */
function countReceivers(
  count: WorkCount,
  rows: number,
  { config, points, kvHeads }: { config: ModelConfig; points: number; kvHeads: Options['kvHeads'] },
): void {
  const { dModel, dHead } = config;
  const readers = receiversPerLayer(config, kvHeads) - 1;
  count.product(rows, readers * dHead, dModel);
  count.product(rows * points, readers * dHead, dModel);
  count.elementwise(60, 4 * rows * readers * dModel + 4 * rows * points * readers * dHead);
}
