import { shapeOfNames, type ScoredCircuit } from '@demur/interp';
import type { CircuitGraph } from './circuit-graph.ts';
import type { Circuit } from './circuit.type.ts';

/** What a shape has that the names of its nodes do not tell; older imports call the width `d_model`. */
interface StoredConfig {
  dModel?: number;
  d_model?: number;
  parallel?: boolean;
  parallel_attn_mlp?: boolean;
}

/** The circuit in the form that files are written from. The matrices are the graph's own. */
export function scoredCircuit(graph: CircuitGraph, { id, name, sidecar }: Circuit): ScoredCircuit {
  const senders = graph.senders.map((node) => node.name);
  const receivers = graph.receivers.map((receiver) => receiver.name);
  const { dModel, d_model, parallel, parallel_attn_mlp } = (sidecar['config'] ?? {}) as StoredConfig;
  return {
    shape: {
      ...shapeOfNames([...senders, ...receivers]),
      dModel: dModel ?? d_model ?? null,
      parallel: parallel ?? parallel_attn_mlp ?? false,
    },
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
