import { recordedShape, type ScoredCircuit } from '@demur/interp';
import type { CircuitGraph } from './circuit-graph.ts';
import type { Circuit } from './circuit.type.ts';

/** The circuit in the form that files are written from. The matrices are the graph's own. */
export function scoredCircuit(graph: CircuitGraph, { id, name, sidecar }: Circuit): ScoredCircuit {
  const senders = graph.senders.map((node) => node.name);
  const receivers = graph.receivers.map((receiver) => receiver.name);
  return {
    shape: recordedShape([...senders, ...receivers], sidecar),
    senders,
    receivers,
    mask: graph.ranks,
    scores: graph.scores,
    inCircuit: graph.inCircuit,
    nodeScores: null,
    byPosition: null,
    interval: graph.interval,
    byStrength: graph.byStrength,
    record: { circuit: id, name, ...sidecar },
  };
}
