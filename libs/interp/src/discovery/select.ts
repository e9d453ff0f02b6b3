/**
 * Circuits from the scores of edges: the strongest, those over a threshold, and the strongest that lead to the logits. Each
 * is a mask [sender, receiver] of 1 and 0, row-major. Not how scores come about, nor whether a circuit does what the model does.
 *
 * Strength is |score|; of equal ones the first in the matrix is the stronger.
 */
import { edgeCells } from '../formats/scored-circuit.ts';
import type { Graph } from '../graph/graph.ts';
import { nodeInputs } from '../graph/node-inputs.ts';
import { strengthOrder, strongest } from '../graph/score-order.ts';
import { RankHeap } from './rank-heap.ts';

/** The `n` strongest edges; all, where there are fewer. */
export function topEdges(scores: Float32Array, graph: Graph, n: number): Uint8Array {
  return maskOf(graph, strongest(scores, edgeCells(graph), n));
}

/** The edges with |score| ≥ tau. */
export function edgesOver(scores: Float32Array, graph: Graph, tau: number): Uint8Array {
  return maskOf(
    graph,
    edgeCells(graph).filter((cell) => Math.abs(scores[cell]!) >= tau),
  );
}

/**
 * `n` edges chosen from the logits backwards, as EAP-IG's `apply_greedy` does: each time the strongest edge into a node that
 * is chosen already, whose sender then is chosen too. Every edge lies on a path to the logits; not yet on one from the input.
 */
export function greedyCircuit(scores: Float32Array, graph: Graph, n: number): Uint8Array {
  const order = strengthOrder(scores, edgeCells(graph));
  const rankOf = new Uint32Array(graph.mask.length);
  for (const [rank, cell] of order.entries()) rankOf[cell] = rank;
  const inputs = nodeInputs(graph);
  const columns = graph.receivers.length;
  const candidates = new RankHeap(order.length);
  const [offered, chosen] = [new Uint8Array(columns), new Uint8Array(graph.senders.length)];
  const offer = (column: number): void => {
    if (offered[column] === 1) return;
    offered[column] = 1;
    for (let cell = column; cell < rankOf.length; cell += columns)
      if (graph.mask[cell] === 1) candidates.push(rankOf[cell]!);
  };
  offer(columns - 1);
  const circuit = new Uint8Array(graph.mask.length);
  for (let left = Math.min(n, order.length); left > 0; left--) {
    const cell = order[candidates.pop()]!;
    circuit[cell] = 1;
    const sender = Math.floor(cell / columns);
    if (chosen[sender] === 0) inputs[sender]!.forEach(offer);
    chosen[sender] = 1;
  }
  return circuit;
}

/** The edges of a circuit that lie on a path from the input to the logits. */
export function pruneDangling(circuit: Uint8Array, graph: Graph): Uint8Array {
  const inputs = nodeInputs(graph);
  const fed = fedSenders(circuit, inputs);
  const read = readColumns(circuit, inputs);
  const columns = read.length;
  return circuit.map((kept, cell) => kept & fed[Math.floor(cell / columns)]! & read[cell % columns]!);
}

/** Senders that a path from the input leads to. They stand in the order of the pass, so one look at each is enough. */
function fedSenders(circuit: Uint8Array, inputs: readonly (readonly number[])[]): Uint8Array {
  const columns = circuit.length / inputs.length;
  const fed = new Uint8Array(inputs.length);
  for (const [sender, own] of inputs.entries()) {
    const isFed = (column: number): boolean => {
      for (let from = 0; from < sender; from++) if (fed[from]! & circuit[from * columns + column]!) return true;
      return false;
    };
    fed[sender] = sender === 0 || own.some(isFed) ? 1 : 0;
  }
  return fed;
}

/** Receivers that a path leads from to the logits: `logits`, and the inputs of nodes that send to one of these. */
export function readColumns(circuit: Uint8Array, inputs: readonly (readonly number[])[]): Uint8Array {
  const columns = circuit.length / inputs.length;
  const read = new Uint8Array(columns);
  read[columns - 1] = 1;
  for (let sender = inputs.length - 1; sender >= 0; sender--) {
    const row = circuit.subarray(sender * columns, (sender + 1) * columns);
    if (row.some((kept, column) => kept & read[column]!)) for (const column of inputs[sender]!) read[column] = 1;
  }
  return read;
}

function maskOf({ mask }: Graph, cells: Uint32Array): Uint8Array {
  const circuit = new Uint8Array(mask.length);
  for (const cell of cells) circuit[cell] = 1;
  return circuit;
}
