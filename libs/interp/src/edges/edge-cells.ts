/**
 * Edges by name as the runs that measure them: whose change goes into whose input. Names are the graph's. No tensors here.
 */
import type { Graph, GraphShape } from '../graph/graph.ts';

/** What of a receiver's layer reads the changed input; in the order in which a layer's cells run. */
export const PORTS = ['q', 'k', 'v', 'mlp', 'logits'] as const;
export type Port = (typeof PORTS)[number];

export interface Receiver {
  /** Its layer; of `logits` one past the last. */
  layer: number;
  port: Port;
  /** Query head, or in a native graph the key/value head of `k` and `v`; 0 of the others. */
  head: number;
}

/** One run: the edge's place in the list of edges, and its ends. */
export interface EdgeCell {
  edge: number;
  /** Index among the graph's senders. */
  sender: number;
  receiver: Receiver;
}

const attentionReceiver = /^a(\d+)\.(?:h|kv)(\d+)<([qkv])>$/;

function receiverOf(name: string, { nLayers }: GraphShape): Receiver {
  if (name === 'logits') return { layer: nLayers, port: 'logits', head: 0 };
  const [, layer, head, port] = attentionReceiver.exec(name) ?? [];
  if (layer === undefined) return { layer: Number(name.slice(1)), port: 'mlp', head: 0 };
  return { layer: Number(layer), port: port as Port, head: Number(head) };
}

/** What a sender's index says: the layer that it is in, and its head; `nHeads` stands for the MLP, and `input` is of no layer. */
export function senderPlace(sender: number, { nHeads }: GraphShape): { layer: number; head: number } | null {
  if (sender === 0) return null;
  return { layer: Math.floor((sender - 1) / (nHeads + 1)), head: (sender - 1) % (nHeads + 1) };
}

/** The runs of a list of edges, in the order in which they join a pass: by layer, then by port. */
export function cellsOfEdges(names: readonly string[], graph: Graph, shape: GraphShape): EdgeCell[] {
  const places = new Map(graph.senders.map((name, i) => [name, i]));
  const cells = names.map((name, edge) => {
    const [sender, receiver] = name.split('->') as [string, string];
    return { edge, sender: places.get(sender) as number, receiver: receiverOf(receiver, shape) };
  });
  const rank = ({ receiver: { layer, port } }: EdgeCell): number => layer * PORTS.length + PORTS.indexOf(port);
  return cells.sort((a, b) => rank(a) - rank(b) || a.edge - b.edge);
}
