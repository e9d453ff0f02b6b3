/** The strongest edges around a node, step by step. */
import { pageSize } from '../relay/page.ts';
import type { CircuitGraph } from './circuit-graph.ts';
import { namesakes } from './namesakes.ts';
import { requireNode } from './require-node.ts';

/** Where to start, how many steps, and how many edges a step. */
export interface NeighbourhoodOptions {
  node: string;
  depth?: number | null;
  top?: number | null;
}

/**
 * Cells of the strongest edges around `node`, strongest first within a step. Step 1 takes the `top` strongest edges
 * into or out of the node; each further step takes the `top` strongest new ones at the nodes that the step before reached.
 */
export function neighbourhood(graph: CircuitGraph, options: NeighbourhoodOptions): number[] {
  const depth = pageSize(options.depth, 1, { name: 'depth', max: 10 });
  const top = pageSize(options.top, 50, { name: 'top' });
  const found = new Set<number>();
  const reached = new Set<string>();
  let frontier = namesakes(graph, requireNode(graph, options.node));
  for (let step = 0; step < depth && frontier.size > 0; step++) {
    for (const name of frontier) reached.add(name);
    const cells = strongestAt(graph, frontier, { top, found });
    for (const cell of cells) found.add(cell);
    frontier = new Set([...endsOf(graph, cells)].filter((name) => !reached.has(name)));
  }
  return [...found];
}

function strongestAt(
  graph: CircuitGraph,
  nodes: Set<string>,
  { top, found }: { top: number; found: Set<number> },
): number[] {
  const columns = graph.receivers.length;
  const rows = graph.senders.map((node) => nodes.has(node.name));
  const reads = graph.receivers.map(({ node }) => nodes.has(node.name));
  const cells: number[] = [];
  for (const cell of graph.byStrength) {
    if (cells.length === top) break;
    if ((rows[Math.floor(cell / columns)]! || reads[cell % columns]!) && !found.has(cell)) cells.push(cell);
  }
  return cells;
}

function endsOf(graph: CircuitGraph, cells: number[]): Set<string> {
  const ends = cells.flatMap((cell) => [graph.sender(cell), graph.receiver(cell).node]);
  return new Set(ends.flatMap((node) => [...namesakes(graph, node)]));
}
