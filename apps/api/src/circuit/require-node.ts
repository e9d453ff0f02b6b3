import { DemurError } from '@demur/model';
import type { Node } from '../node/node.type.ts';
import type { CircuitGraph } from './circuit-graph.ts';

/** A node that this graph does not have. */
export class UnknownNodeError extends DemurError {
  constructor(graph: CircuitGraph, name: string) {
    const names = graph.nodes().map((node) => node.name);
    super(
      'UNKNOWN_NODE',
      `"${name}" is not a node of this circuit; it has ${names.length} from ${names[0]} to ${names.at(-1)}`,
    );
  }
}

/** The node with this name, ports left out. Throws `UnknownNodeError`. */
export function requireNode(graph: CircuitGraph, name: string): Node {
  const node = graph.nodes().find((candidate) => candidate.name === name);
  if (node === undefined) throw new UnknownNodeError(graph, name);
  return node;
}
