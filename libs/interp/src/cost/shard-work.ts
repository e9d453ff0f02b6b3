/** The table from a kind to what counts its shards' work. */
import { edgeNames } from '../edges/edge-list.ts';
import { buildGraph } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import type { ExperimentKind, ExperimentSpec } from '../spec.ts';
import { countActivations } from './count-activations.ts';
import { countAttribution } from './count-attribution.ts';
import { countGeneration, countSteering } from './count-completions.ts';
import { countDiscovery } from './count-discovery.ts';
import { countDirection } from './count-direction.ts';
import { countEdgePatching } from './count-edge-patching.ts';
import { countEvaluation } from './count-evaluation.ts';
import { countHeadScan } from './count-head-scan.ts';
import { countPatching } from './count-patching.ts';
import { spreadEdges } from './spread-edges.ts';
import type { PlannedRun, WorkCount } from './work-count.ts';

/** All rounds of a shard; the spec is a prepared one's: edges by name, tokens by id. */
type CountShard<K extends ExperimentKind> = (spec: SpecOf<K>, shard: Shard, model: PlannedRun) => WorkCount;

const counts: { [K in ExperimentKind]: CountShard<K> } = {
  activations: countActivations,
  'activation-patching': countPatching,
  attribution: countCheckedAttribution,
  'edge-patching': (spec, shard, model) => {
    const { edges, kvHeads } = spec.options;
    const graph = buildGraph(model.config, kvHeads);
    return countEdgePatching({ metric: spec.metric, edges: edgeNames(edges, graph), graph }, shard, model);
  },
  'circuit-discovery': countDiscovery,
  'circuit-evaluation': countEvaluation,
  'head-scan': countHeadScan,
  direction: countDirection,
  steering: countSteering,
  generation: countGeneration,
};

/** What a shard asks of the engine. */
export function countShard(spec: ExperimentSpec, shard: Shard, model: PlannedRun): WorkCount {
  return (counts[spec.kind] as CountShard<ExperimentKind>)(spec, shard, model);
}

/** With the patching of the edges that it checks: which these are its scores will tell, so as many all over the graph. */
function countCheckedAttribution(spec: SpecOf<'attribution'>, shard: Shard, model: PlannedRun): WorkCount {
  const count = countAttribution(spec, shard, model);
  const { checkExact, kvHeads } = spec.options;
  if (checkExact === 0) return count;
  const graph = buildGraph(model.config, kvHeads);
  count.add(countEdgePatching({ metric: spec.metric, edges: spreadEdges(graph, 2 * checkExact), graph }, shard, model));
  return count;
}
