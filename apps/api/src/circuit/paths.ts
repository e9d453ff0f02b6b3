/** The strongest ways from one node to another. A path is as strong as its weakest edge: the smallest |score| on it. */
import { DemurError } from '@demur/model';
import { pageSize } from '../relay/page.ts';
import type { CircuitGraph } from './circuit-graph.ts';
import { namesakes } from './namesakes.ts';
import { requireNode } from './require-node.ts';

/** A way through the graph: its cells in order. */
export interface CellPath {
  strength: number;
  cells: number[];
}

/** A path as a chain of its last edges, so that paths with a common beginning share it. */
interface Chain {
  strength: number;
  length: number;
  cell: number;
  before: Chain | null;
}

/** A start that sends nothing, or an end that reads nothing. */
export class PathEndError extends DemurError {
  constructor(name: string, verb: string) {
    super('INVALID_PATH_END', `${name} ${verb} nothing in this circuit; choose another node`);
  }
}

/**
 * The `top` strongest paths `from` → `to`, of equally strong ones the shorter first. Dynamic programme over the nodes in
 * the model's order: the best `top` ways into each node follow from the best `top` ways into its senders.
 */
export function strongestPaths(
  graph: CircuitGraph,
  options: { from: string; to: string; top?: number | null },
): CellPath[] {
  const top = pageSize(options.top, 20, { name: 'top', max: 200 });
  const ends = endpoints(graph, options);
  const ways = new Map<number, Chain[]>();
  for (const row of graph.senders.keys()) {
    const chains = ends.rows.has(row) ? [null] : best(waysInto(ways, rowColumns(graph, row)), top);
    extend(graph, ways, { row, chains, top });
  }
  const last = [...ends.columns].flatMap((column) => ways.get(column) ?? []);
  return best(last, top).map(unchain);
}

function endpoints(graph: CircuitGraph, { from, to }: { from: string; to: string }) {
  const starts = namesakes(graph, requireNode(graph, from));
  const goal = requireNode(graph, to);
  const rows = new Set([...graph.senders.keys()].filter((row) => starts.has(graph.senders[row]!.name)));
  const goals = goal.kind === 'HEAD' ? namesakes(graph, goal) : new Set([goal.name]);
  const columns = new Set(
    [...graph.receivers.keys()].filter((column) => goals.has(graph.receivers[column]!.node.name)),
  );
  if (rows.size === 0) throw new PathEndError(from, 'sends');
  if (columns.size === 0) throw new PathEndError(to, 'reads');
  return { rows, columns };
}

/** The columns where the node of a row reads. */
function rowColumns(graph: CircuitGraph, row: number): number[] {
  const names = namesakes(graph, graph.senders[row]!);
  return [...graph.receivers.keys()].filter((column) => {
    const { node } = graph.receivers[column]!;
    return names.has(node.name) && (node.kind !== 'KV_HEAD' || graph.senders[row]!.kind === 'HEAD');
  });
}

function waysInto(ways: Map<number, Chain[]>, columns: number[]): Chain[] {
  return columns.flatMap((column) => ways.get(column) ?? []);
}

/** Lengthens the ways into a row's node by each of its edges, unless its column has `top` stronger ways already. */
function extend(
  graph: CircuitGraph,
  ways: Map<number, Chain[]>,
  { row, chains, top }: { row: number; chains: (Chain | null)[]; top: number },
): void {
  const columns = graph.receivers.length;
  for (let column = 0; column < columns && chains.length > 0; column++) {
    const cell = row * columns + column;
    if (graph.ranks[cell] === 0) continue;
    const known = ways.get(column) ?? [];
    const strength = Math.abs(graph.scores[cell]!);
    if (known.length === top && strength < known[top - 1]!.strength) continue;
    ways.set(column, best([...known, ...chains.map((before) => lengthen(before, cell, strength))], top));
  }
}

function lengthen(before: Chain | null, cell: number, strength: number): Chain {
  if (before === null) return { strength, length: 1, cell, before };
  return { strength: Math.min(strength, before.strength), length: before.length + 1, cell, before };
}

function best(chains: Chain[], top: number): Chain[] {
  return chains.sort((a, b) => b.strength - a.strength || a.length - b.length).slice(0, top);
}

function unchain(chain: Chain): CellPath {
  const cells: number[] = [];
  for (let link: Chain | null = chain; link !== null; link = link.before) cells.unshift(link.cell);
  return { strength: chain.strength, cells };
}
