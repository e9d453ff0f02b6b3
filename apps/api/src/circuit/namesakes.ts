/** In a graph with shared key/value heads, `a1.kv0` is where the query heads of its group read keys and values. */
import type { Node } from '../node/node.type.ts';
import type { CircuitGraph } from './circuit-graph.ts';

/** The names of `node` and of the nodes that are the same attention head seen from another side. */
export function namesakes(graph: CircuitGraph, node: Node): Set<string> {
  const { layer, head, kind, name } = node;
  const group = layer === null || head === null ? 0 : groupSize(graph, layer);
  if (group === 0 || head === null) return new Set([name]);
  if (kind === 'HEAD') return new Set([name, `a${layer}.kv${Math.floor(head / group)}`]);
  return new Set([name, ...Array.from({ length: group }, (_, member) => `a${layer}.h${head * group + member}`)]);
}

/** Query heads a key/value head; 0 where the graph has no key/value heads. */
function groupSize(graph: CircuitGraph, layer: number): number {
  const heads = graph.senders.filter((node) => node.kind === 'HEAD' && node.layer === layer).length;
  const shared = new Set(
    graph.receivers.filter(({ node }) => node.kind === 'KV_HEAD' && node.layer === layer).map(({ node }) => node.name),
  );
  return shared.size === 0 ? 0 : heads / shared.size;
}
