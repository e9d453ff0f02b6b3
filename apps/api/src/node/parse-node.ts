/** Names of nodes and receivers as GraphQL shows them. How they are written is known to @demur/db alone. */
import { parseNodeName } from '@demur/db';
import type { Port } from '../edge/edge.type.ts';
import type { Node } from './node.type.ts';

/** A column of a score matrix: a node and the port where it reads. */
export interface Receiver {
  /** With the port where there are several: `a1.h2<q>`, `m1`, `logits`. */
  name: string;
  node: Node;
  port: Port;
}

/** `a3.h7` as a node. Throws `NodeNameError`. */
export function parseNode(text: string): Node {
  const { name, kind, layer, head } = parseNodeName(text);
  return { name, kind, layer, head };
}

/** `a3.h7<q>` or `m3` as a receiver. Throws `NodeNameError`. */
export function parseReceiver(name: string): Receiver {
  return { name, node: parseNode(name), port: parseNodeName(name).port };
}
