/** The edges that a filter lets through: one table over senders, one over receivers, and bounds on the score. */
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { NodeFilter } from '../node/node.input.ts';
import type { Node } from '../node/node.type.ts';
import type { EdgeFilter } from './edge.input.ts';

/** Which edges pass. */
export interface EdgeSelection {
  /** Whether the edge at a cell passes. */
  has(cell: number): boolean;
  /** How many edges pass. */
  count(): number;
  /** The cells that pass, `count` of them, in the order of the matrix. */
  cells(count: number): Uint32Array;
}

/** What `filter` lets through; a condition left out lets everything through. */
export function edgeSelection(graph: CircuitGraph, filter: EdgeFilter): EdgeSelection {
  const width = graph.receivers.length;
  const rows = graph.senders.map((node) => passes(node, node.name, filter.sender));
  const columns = graph.receivers.map(
    ({ node, name, port }) => passes(node, name, filter.receiver) && (filter.ports?.includes(port) ?? true),
  );
  const open = {
    rows: Uint32Array.from(rows.keys()).filter((row) => rows[row]!),
    columns: Uint32Array.from(columns.keys()).filter((column) => columns[column]!),
  };
  const bounds = boundsOf(filter);
  return {
    has: (cell) => isWithin(graph, bounds, cell) && columns[cell % width]! && rows[Math.floor(cell / width)]!,
    count: () => scan(graph, open, { bounds }),
    cells: (count) => {
      const into = new Uint32Array(count);
      scan(graph, open, { bounds, into });
      return into;
    },
  };
}

/** What a score must be, and whether the edge must be in the circuit; null where that does not matter. */
interface Bounds {
  low: number;
  high: number;
  minAbsolute: number;
  inCircuit: boolean | null;
}

function boundsOf(filter: EdgeFilter): Bounds {
  return {
    low: filter.sign === 'POSITIVE' ? 0 : -Infinity,
    high: filter.sign === 'NEGATIVE' ? 0 : Infinity,
    minAbsolute: filter.minAbsoluteScore ?? 0,
    inCircuit: filter.inCircuit ?? null,
  };
}

function isWithin({ scores, inCircuit }: CircuitGraph, bounds: Bounds, cell: number): boolean {
  const score = scores[cell]!;
  if (score <= bounds.low || score >= bounds.high || Math.abs(score) < bounds.minAbsolute) return false;
  return bounds.inCircuit === null || (inCircuit !== null && inCircuit[cell] !== 0) === bounds.inCircuit;
}

/**
 * Counts the edges in open rows and columns that are within bounds, and writes their cells into `into`. One plain loop: with
 * a callback a cell, the 3.3M cells of a 7B model take three times as long.
 */
function scan(
  graph: CircuitGraph,
  { rows, columns }: { rows: Uint32Array; columns: Uint32Array },
  { bounds, into }: { bounds: Bounds; into?: Uint32Array },
): number {
  const width = graph.receivers.length;
  let count = 0;
  for (const row of rows) {
    for (let at = 0; at < columns.length; at++) {
      const cell = row * width + columns[at]!;
      if (graph.ranks[cell] === 0 || !isWithin(graph, bounds, cell)) continue;
      if (into) into[count] = cell;
      count++;
    }
  }
  return count;
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
