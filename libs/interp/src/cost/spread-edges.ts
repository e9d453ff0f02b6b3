/** Edges that stand for those that a run will choose itself: as many, evenly spread over the graph. */
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import type { Graph } from '../graph/graph.ts';

/** Names of `count` edges of the graph, or of all if there are not so many. */
export function spreadEdges(graph: Graph, count: number): string[] {
  return spreadCells(graph, count).map((cell) => edgeName(graph, cell));
}

/** The layers that as many edges are read in; of `logits` one past the last. */
export function spreadLayers(graph: Graph, count: number, perLayer: number): number[] {
  return spreadCells(graph, count).map((cell) => Math.floor((cell % graph.receivers.length) / perLayer));
}

function spreadCells(graph: Graph, count: number): number[] {
  const cells = edgeCells(graph);
  const some = Math.min(count, cells.length);
  return Array.from({ length: some }, (_, i) => cells[Math.floor((i * cells.length) / some)]!);
}
