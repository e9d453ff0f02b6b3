/** A circuit's edges as lines of text, strongest first: NDJSON and CSV. */
import { edgeOf } from '../edge/edge-of.ts';
import type { CircuitGraph } from './circuit-graph.ts';

/** One JSON object a line. */
export function* edgesAsNdjson(graph: CircuitGraph): Generator<string> {
  for (const cell of graph.byStrength) {
    const { rank, name, sender, receiver, port, score, inCircuit, interval } = edgeOf(graph, cell);
    yield `${JSON.stringify({ rank, name, sender: sender.name, receiver: receiver.name, port, score, inCircuit, interval })}\n`;
  }
}

/** A header and one row an edge; no name needs quoting. */
export function* edgesAsCsv(graph: CircuitGraph): Generator<string> {
  yield 'rank,name,sender,receiver,port,score,in_circuit\n';
  for (const cell of graph.byStrength) {
    const { rank, name, sender, receiver, port, score, inCircuit } = edgeOf(graph, cell);
    yield `${rank},${name},${sender.name},${receiver.name},${port},${score},${inCircuit ?? ''}\n`;
  }
}
