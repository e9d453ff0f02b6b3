/** What a shard of an edge patching runs: both sides, and each edge's run from its receiver's layer on. */
import type { ModelConfig } from '@demur/model';
import { cellsOfEdges, senderPlace, type EdgeCell } from '../edges/edge-cells.ts';
import { isSeen, planPasses } from '../edges/plan-passes.ts';
import type { Graph } from '../graph/graph.ts';
import { rowsThatFit } from '../patching/plan-sweeps.ts';
import type { Shard } from '../shard.ts';
import type { MetricSpec } from '../spec/metric.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { countPairRuns } from './count-pair-runs.ts';
import { WorkCount, type PlannedModel } from './work-count.ts';

interface EdgeWork {
  metric: MetricSpec;
  /** Names of edges of the graph. */
  edges: readonly string[];
  graph: Graph;
}

export function countEdgePatching({ metric, edges, graph }: EdgeWork, shard: Shard, model: PlannedModel): WorkCount {
  const { config } = model;
  const count = new WorkCount(config);
  const end = metricLayers(metric, config);
  const all = cellsOfEdges(edges, graph, config);
  const cells = all.filter((cell) => isSeen(cell, end, config));
  count.hold(2 * 4 * all.length * shard.pairs.length);
  for (const block of shardBlocks(shard))
    count.scope(() => {
      countOpening(
        count,
        metric,
        block.pairs.map(({ pair }) => pair),
        model,
      );
      countPairRuns(count, block, { layers: config.nLayers });
      countChanges(count, block, { cells, config });
      countMetric(count, metric, 2 * block.pairs.length, model);
      for (const pass of planPasses(cells, block, rowsThatFit(model))) {
        countPass(count, block, { pass, end, config });
        countMetric(count, metric, pass.length * block.pairs.length, model);
      }
    });
  return count;
}

interface Cells {
  cells: readonly EdgeCell[];
  config: ModelConfig;
}

/** What is kept of both sides' runs: inputs of the layers that have receivers, and the senders' changes. */
function countChanges(count: WorkCount, block: PairBlock, { cells, config }: Cells): void {
  const { nHeads, nKvHeads, dHead, dModel, nLayers } = config;
  const rows = block.pairs.length * suffixLength(block);
  const senders = [...new Set(cells.map(({ sender }) => sender))];
  const places = senders.flatMap((sender) => senderPlace(sender, config) ?? []);
  const layersWithHeads = new Set(places.filter(({ head }) => head < nHeads).map(({ layer }) => layer)).size;
  const readers = new Set(cells.map(({ receiver }) => receiver.layer)).size;
  count.product(rows, nHeads * dHead, dModel, layersWithHeads);
  if (layersWithHeads > 0) count.needs(2 * 4 * rows * nHeads * dModel);
  count.hold(4 * rows * dModel * (senders.length + readers));
  count.hold(4 * nLayers * block.prefixes.length * block.prefixLength * 2 * nKvHeads * dHead);
}

/** One pass: the cells join after their receiver's layer, which the clean rows go through for them. */
function countPass(
  count: WorkCount,
  block: PairBlock,
  { pass, end, config }: { pass: readonly EdgeCell[]; end: number; config: ModelConfig },
): void {
  const rows = block.pairs.length * suffixLength(block);
  const joining = Map.groupBy(pass, ({ receiver }) => receiver.layer);
  let running = 0;
  for (let layer = pass[0]?.receiver.layer ?? end; layer < end; layer++) {
    const isLast = layer === end - 1;
    const own = joining.get(layer) ?? [];
    count.needs(2 * 4 * rows * running * config.dModel);
    const lastRows = isLast ? block.pairs.length * running : undefined;
    count.blocks('pass', [{ rows: rows * running, keys: block.length }], { lastRows });
    if (own.length > 0) countReceivers(count, block, { cells: own, config, lastOnly: isLast });
    running += own.length;
  }
}

/** A layer's receivers: the clean block once, and the part of it that each cell's receiver changes. */
function countReceivers(
  count: WorkCount,
  block: PairBlock,
  { cells, config, lastOnly }: Cells & { lastOnly: boolean },
): void {
  const { nHeads, nKvHeads, dHead, dModel } = config;
  const rows = block.pairs.length * suffixLength(block);
  count.blocks('trace', [{ rows, keys: block.length }]);
  for (const [port, { length }] of Map.groupBy(cells, ({ receiver }) => receiver.port)) {
    const changed = rows * length;
    const after = lastOnly ? block.pairs.length * length : changed;
    count.mlp(after);
    if (port === 'mlp') continue;
    const width = (port === 'q' ? nHeads : nKvHeads) * dHead;
    count.elementwise(60 + 2 * length, changed * (6 * dModel + 4 * width) + after * 4 * nHeads * dHead);
    count.product(changed, dModel, width);
    count.product(changed, dHead, block.length, 2);
    count.product(after, nHeads * dHead, dModel);
    count.needs(4 * changed * (4 * dModel + width + 4 * dHead + 3 * block.length) + 4 * after * 2 * nHeads * dHead);
  }
}
