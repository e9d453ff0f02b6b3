/** The edges that a filter lets through: one table over senders, one over receivers, and bounds on the score. */
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { NodeFilter } from '../node/node.input.ts';
import type { Node } from '../node/node.type.ts';
import type { EdgeFilter } from './edge.input.ts';

/** Which edges pass. */
export interface EdgeSelection {
  /** Whether the edge at a cell passes. */
  has(cell: number): boolean;
  /** Calls `visit` for every cell that passes, in the order of the matrix: rows and columns that cannot pass are skipped. */
  each(visit: (cell: number) => void): void;
}

/** What `filter` lets through; a condition left out lets everything through. */
export function edgeSelection(graph: CircuitGraph, filter: EdgeFilter): EdgeSelection {
  const width = graph.receivers.length;
  const rows = graph.senders.map((node) => passes(node, node.name, filter.sender));
  const columns = graph.receivers.map(
    ({ node, name, port }) => passes(node, name, filter.receiver) && (filter.ports?.includes(port) ?? true),
  );
  const scorePasses = scoreTest(graph, filter);
  const openColumns = Uint32Array.from(columns.keys()).filter((column) => columns[column]!);
  return {
    has: (cell) => scorePasses(cell) && columns[cell % width]! && rows[Math.floor(cell / width)]!,
    each: (visit) => {
      for (let row = 0; row < rows.length; row++) {
        if (!rows[row]) continue;
        for (let at = 0; at < openColumns.length; at++) {
          const cell = row * width + openColumns[at]!;
          if (graph.ranks[cell] !== 0 && scorePasses(cell)) visit(cell);
        }
      }
    },
  };
}

function scoreTest({ scores, inCircuit }: CircuitGraph, filter: EdgeFilter): (cell: number) => boolean {
  const low = filter.sign === 'POSITIVE' ? 0 : -Infinity;
  const high = filter.sign === 'NEGATIVE' ? 0 : Infinity;
  const minAbsolute = filter.minAbsoluteScore ?? 0;
  const wanted = filter.inCircuit ?? null;
  return (cell) => {
    const score = scores[cell]!;
    if (score <= low || score >= high || Math.abs(score) < minAbsolute) return false;
    return wanted === null || (inCircuit !== null && inCircuit[cell] !== 0) === wanted;
  };
}

function passes(node: Node, name: string, filter: NodeFilter | null | undefined): boolean {
  if (!filter) return true;
  const { kinds, layers, heads, names } = filter;
  if (kinds && !kinds.includes(node.kind)) return false;
  if (layers && !inLayers(node, layers.min ?? 0, layers.max ?? Infinity)) return false;
  if (heads && (node.head === null || !heads.includes(node.head))) return false;
  return !names || names.includes(node.name) || names.includes(name);
}

function inLayers({ layer }: Node, min: number, max: number): boolean {
  return layer !== null && layer >= min && layer <= max;
}
