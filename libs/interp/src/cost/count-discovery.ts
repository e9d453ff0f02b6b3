/**
 * What a shard of a circuit discovery runs, at most: the attribution that scores the edges, ACDC's test of every edge that it
 * may test, and the circuit found. How many edges are tested only the tests tell: those into nodes that die go without.
 */
import { ablatedBlock } from '../circuit-runs/ablation.ts';
import { circuitPassBytes, circuitRunsBytes } from '../circuit-runs/plan-circuits.ts';
import { isAcdc, type DiscoverySpec } from '../discovery/chosen-circuit.ts';
import { buildGraph, receiversPerLayer } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { countAttribution } from './count-attribution.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { countPairRuns } from './count-pair-runs.ts';
import { spreadLayers } from './spread-edges.ts';
import { WorkCount, type PlannedRun } from './work-count.ts';

export function countDiscovery(spec: DiscoverySpec, shard: Shard, model: PlannedRun): WorkCount {
  const count = countScores(spec, shard, model);
  const layers = [0, ...(isAcdc(spec) ? testedLayers(spec, model) : [])];
  for (const block of shardBlocks(shard)) count.scope(() => countCircuits(count, block, { spec, layers, model }));
  return count;
}

/** The attribution that scores edges, where they are not read from a file. */
export function countScores({ metric, options }: CircuitsSpec, shard: Shard, model: PlannedRun): WorkCount {
  const { scores, kvHeads } = options;
  const count = new WorkCount(model.config);
  if (scores === undefined || !('method' in scores)) return count;
  const plain = { ...scores, kvHeads, perPosition: false, bootstrap: 0 };
  count.add(countAttribution({ metric, options: plain }, shard, model));
  return count;
}

/** The layer that each test's run starts at. */
function testedLayers({ options: { pruneTo, kvHeads } }: DiscoverySpec, { config }: PlannedRun): number[] {
  const graph = buildGraph(config, kvHeads);
  return spreadLayers(graph, pruneTo ?? graph.edgeCount, receiversPerLayer(config, kvHeads));
}

type CircuitsSpec = SpecOf<'circuit-discovery' | 'circuit-evaluation'>;

/** The clean and the ablated run, and circuits' runs from these layers on: whole blocks' worth, most of whose heads are dead. */
export function countCircuits(
  count: WorkCount,
  given: PairBlock,
  { spec, layers, model }: { spec: CircuitsSpec; layers: readonly number[]; model: PlannedRun },
): void {
  const block = ablatedBlock(given, spec.options.ablation);
  const { config } = model;
  const { nLayers } = config;
  const rows = block.pairs.length * suffixLength(block);
  const pairs = block.pairs.map(({ pair }) => pair);
  countOpening(count, spec.metric, pairs, model);
  countPairRuns(count, block, { layers: nLayers });
  // As many pairs at a time as half of what there is holds.
  const bytes = pairs.map((pair) => circuitRunsBytes(spec.options, pair, config));
  const all = bytes.reduce((a, b) => a + b);
  count.hold(Math.min(all, Math.max(...bytes, model.activationBytes / 2)));
  const perLayer = receiversPerLayer(config, spec.options.kvHeads);
  const senders = 1 + nLayers * (config.nHeads + 1);
  count.needs(circuitPassBytes(model, { senders, perLayer, rows, circuits: layers.length }));
  const end = metricLayers(spec.metric, config);
  for (const layer of layers) {
    if (layer < end) count.blocks('pass', [{ rows, keys: block.length }], { layers: end - layer });
    countMetric(count, spec.metric, pairs.length, model);
  }
}
