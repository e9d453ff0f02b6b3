/** Names of nodes and edges as EAP-IG writes them: `input`, `a3.h7`, `a3.kv1`, `m3`, `logits`, ports `<q>`, `<k>`, `<v>`. */
import { DatabaseError } from './errors.ts';
import type { NodeKind, Port } from './schema/circuit-edges.ts';

export interface NodeName {
  /** Without the port. */
  name: string;
  kind: NodeKind;
  layer: number | null;
  head: number | null;
  port: Port;
}

export class NodeNameError extends DatabaseError {
  constructor(name: string) {
    super(
      'NODE_NAME',
      `"${name}" is not the name of a node. Names are input, a<layer>.h<head>, a<layer>.kv<group>, m<layer> and logits; ` +
        'a receiving head has a port: a<layer>.h<head><q>.',
    );
  }
}

const attention = /^(a(\d+)\.(h|kv)(\d+))(?:<([qkv])>)?$/;
const mlp = /^m(\d+)$/;

/**
 * What the name of a sender or a receiver says; port IN where none is written.
 * @throws NodeNameError
 */
export function parseNodeName(text: string): NodeName {
  if (text === 'input') return { name: text, kind: 'INPUT', layer: null, head: null, port: 'IN' };
  if (text === 'logits') return { name: text, kind: 'LOGITS', layer: null, head: null, port: 'IN' };
  const layer = mlp.exec(text)?.[1];
  if (layer !== undefined) return { name: text, kind: 'MLP', layer: Number(layer), head: null, port: 'IN' };
  const parts = attention.exec(text);
  if (!parts) throw new NodeNameError(text);
  return {
    name: parts[1]!,
    kind: parts[3] === 'h' ? 'HEAD' : 'KV_HEAD',
    layer: Number(parts[2]),
    head: Number(parts[4]),
    port: (parts[5]?.toUpperCase() ?? 'IN') as Port,
  };
}
