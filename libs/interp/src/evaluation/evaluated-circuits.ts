/** The circuits that an evaluation runs: the one that is given, or those of each size that scores choose. No tensors here. */
import { greedyCircuit, topEdges } from '../discovery/select.ts';
import type { Graph } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { NamedArray } from '../named-array.ts';

export type EvaluationSpec = SpecOf<'circuit-evaluation'>;

/** The sizes of MIB's curves, in thousandths of the edges (arXiv 2504.13151): 0.1 % to all. */
const MIB_PER_MILLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];

/** Circuits where no sizes are given. */
export const MIB_SIZES = MIB_PER_MILLE.length;

/** Masks [sender, receiver] of 1 and 0, the smallest circuit first. */
export function evaluatedCircuits(
  { options }: EvaluationSpec,
  given: Readonly<Record<string, NamedArray>>,
  graph: Graph,
): Uint8Array[] {
  const { circuit, select, sizes = defaultSizes(graph.edgeCount) } = options;
  if (Array.isArray(circuit)) return [maskOfNames(circuit, graph)];
  if (circuit !== undefined) return [Uint8Array.from(given['in_circuit']!.values)];
  const choose = select === 'greedy' ? greedyCircuit : topEdges;
  return sizes.map((size) => choose(given['scores']!.values, graph, size));
}

/** Edges that a circuit has not. */
export function complementOf(circuit: Uint8Array, { mask }: Graph): Uint8Array {
  return circuit.map((kept, cell) => (mask[cell] === 1 ? 1 - kept : 0));
}

/** Rounded down, but for at least one edge; each once. */
function defaultSizes(edgeCount: number): number[] {
  return [...new Set(MIB_PER_MILLE.map((share) => Math.max(1, Math.floor((share * edgeCount) / 1000))))];
}

function maskOfNames(names: readonly string[], { senders, receivers, mask }: Graph): Uint8Array {
  const [rows, columns] = [senders, receivers].map((of) => new Map(of.map((name, i) => [name, i])));
  const circuit = new Uint8Array(mask.length);
  for (const name of names) {
    const [sender, receiver] = name.split('->') as [string, string];
    circuit[rows!.get(sender)! * receivers.length + columns!.get(receiver)!] = 1;
  }
  return circuit;
}
