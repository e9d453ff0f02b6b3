/** Edges that stand for those that a run will choose itself: as many, evenly spread over the graph. */
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import type { Graph } from '../graph/graph.ts';

/** Names of `count` edges of the graph, or of all if there are not so many. */
export function spreadEdges(graph: Graph, count: number): string[] {
  const cells = edgeCells(graph);
  const some = Math.min(count, cells.length);
  return Array.from({ length: some }, (_, i) => edgeName(graph, cells[Math.floor((i * cells.length) / some)]!));
}
