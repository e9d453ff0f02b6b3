/** Two circuits side by side, edges matched by their names. */
import { spearman } from '@demur/interp';
import type { CircuitGraph } from '../circuit/circuit-graph.ts';

/** What two graphs have in common; cells of the first and of the second. */
export interface Overlap {
  jaccard: number;
  rankCorrelation: number | null;
  commonEdgeCount: number;
  shared: { a: number; b: number }[];
  onlyInA: number[];
  onlyInB: number[];
}

/**
 * Overlap of the `top` strongest edges of each, of those in its circuit where one was chosen, and Spearman's correlation over
 * all edges that both graphs have. The Jaccard index of two empty lists is 1: they are the same.
 */
export function compareGraphs(a: CircuitGraph, b: CircuitGraph, top: number): Overlap {
  const toB = cellMap(a, b);
  const toA = cellMap(b, a);
  const [strongestA, strongestB] = [strongest(a, top), strongest(b, top)];
  const [inA, inB] = [new Set(strongestA), new Set(strongestB)];
  const shared = strongestA.filter((cell) => inB.has(toB(cell))).map((cell) => ({ a: cell, b: toB(cell) }));
  const common = a.byStrength.filter((cell) => toB(cell) >= 0 && b.ranks[toB(cell)]! > 0);
  const either = strongestA.length + strongestB.length - shared.length;
  return {
    jaccard: either === 0 ? 1 : shared.length / either,
    rankCorrelation: spearman(pick(a.scores, common), pick(b.scores, common.map(toB))),
    commonEdgeCount: common.length,
    shared,
    onlyInA: strongestA.filter((cell) => !inB.has(toB(cell))),
    onlyInB: strongestB.filter((cell) => !inA.has(toA(cell))),
  };
}

/** By rank; edges outside of a chosen circuit are left out. */
function strongest({ byStrength, inCircuit }: CircuitGraph, top: number): number[] {
  const chosen = inCircuit === null ? byStrength : byStrength.filter((cell) => inCircuit[cell] !== 0);
  return [...chosen.subarray(0, top)];
}

/** The cell of `to` with the same edge name as a cell of `from`; -1 where a node is missing. */
function cellMap(from: CircuitGraph, to: CircuitGraph): (cell: number) => number {
  const rows = places(from.senders, to.senders);
  const columns = places(from.receivers, to.receivers);
  const width = from.receivers.length;
  return (cell) => {
    const [row, column] = [rows[Math.floor(cell / width)]!, columns[cell % width]!];
    return row < 0 || column < 0 ? -1 : row * to.receivers.length + column;
  };
}

function places(from: { name: string }[], to: { name: string }[]): number[] {
  const index = new Map(to.map(({ name }, place) => [name, place]));
  return from.map(({ name }) => index.get(name) ?? -1);
}

function pick(values: Float32Array, cells: Uint32Array): Float32Array {
  return Float32Array.from(cells, (cell) => values[cell]!);
}
