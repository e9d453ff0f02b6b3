import type { CircuitInput } from '@demur/db';
import { readCircuit, readGraph, readText, type ScoredCircuit } from '@demur/interp';
import type { ImportCircuitInput } from './circuit.input.ts';

/** The circuit of a file as the database keeps it, with its sidecar. Throws `CircuitFormatError`, `InvalidSafetensorsError`. */
export function importedCircuit({ name, graph, sidecar }: ImportCircuitInput): CircuitInput {
  const { shape, senders, receivers, scores, mask, inCircuit, record } = readContent(graph);
  return {
    name,
    sidecar: { ...record, ...sidecar, config: shape },
    senders,
    receivers,
    scores,
    mask: Float32Array.from(mask),
    inCircuit: inCircuit ?? undefined,
  };
}

/** JSON as it is; a text is a file's content, and one in base64 that of a binary file. */
function readContent(content: unknown): ScoredCircuit {
  if (typeof content !== 'string') return readGraph(content);
  const isBase64 = /^[A-Za-z0-9+/]{16,}={0,2}\s*$/.test(content);
  return isBase64 ? readCircuit(Buffer.from(content, 'base64')) : readText(content);
}
