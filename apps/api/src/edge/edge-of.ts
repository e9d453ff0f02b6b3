import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { Edge } from './edge.type.ts';

/** The edge at a cell of the matrix, as GraphQL shows it. */
export function edgeOf(graph: CircuitGraph, cell: number): Edge {
  const { node, port } = graph.receiver(cell);
  return {
    name: graph.edgeName(cell),
    sender: graph.sender(cell),
    receiver: node,
    port,
    score: graph.scores[cell]!,
    rank: graph.ranks[cell]!,
    inCircuit: graph.inCircuit === null ? null : graph.inCircuit[cell] !== 0,
    interval: graph.interval === null ? null : { low: graph.interval.low[cell]!, high: graph.interval.high[cell]! },
  };
}
