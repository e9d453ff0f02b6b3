/**
 * The graph of a transformer whose edges attribution scores: which nodes write to the residual stream, which read it,
 * and who comes before whom. Names and order are the EAP-IG package's. No tensors here.
 */
import type { ModelConfig } from '@demur/model';

/** Whether keys and values are read once a key/value head, or once a query head that uses it. */
export type KvHeads = 'native' | 'expanded';

/** Shape fields that the graph depends on. */
export type GraphShape = Pick<ModelConfig, 'nLayers' | 'nHeads' | 'nKvHeads'>;

export interface Graph {
  senders: string[];
  receivers: string[];
  /** [sender, receiver] row-major: 1 where an edge exists, 0 elsewhere. */
  mask: Float32Array;
  edgeCount: number;
}

/** Names from `0` to `count − 1`. */
function numbered(count: number, name: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => name(i));
}

/** `input`, then a layer's heads and its MLP, layer by layer. */
function senderNames({ nLayers, nHeads }: GraphShape): string[] {
  const ofLayer = (l: number): string[] => [...numbered(nHeads, (h) => `a${l}.h${h}`), `m${l}`];
  return ['input', ...Array.from({ length: nLayers }, (_, l) => ofLayer(l)).flat()];
}

/** A layer's queries, keys and values, then its MLP. */
function layerReceivers(shape: GraphShape, layer: number, kvHeads: KvHeads): string[] {
  const readers = (port: 'k' | 'v'): string[] =>
    kvHeads === 'expanded'
      ? numbered(shape.nHeads, (h) => `a${layer}.h${h}<${port}>`)
      : numbered(shape.nKvHeads, (g) => `a${layer}.kv${g}<${port}>`);
  const queries = numbered(shape.nHeads, (h) => `a${layer}.h${h}<q>`);
  return [...queries, ...readers('k'), ...readers('v'), `m${layer}`];
}

/** Receivers of one layer: queries, keys, values and the MLP. */
export function receiversPerLayer({ nHeads, nKvHeads }: GraphShape, kvHeads: KvHeads): number {
  return nHeads + 2 * (kvHeads === 'expanded' ? nHeads : nKvHeads) + 1;
}

/** Senders that come before a layer, as a count: senders are in order, so these are the first ones. */
export function sendersBeforeLayer({ nHeads }: GraphShape, layer: number): number {
  return 1 + layer * (nHeads + 1);
}

/** Senders that come before a receiver, as a count. */
function sendersBefore(shape: GraphShape, receiver: number, perLayer: number): number {
  const isMlp = receiver % perLayer === perLayer - 1;
  return sendersBeforeLayer(shape, Math.floor(receiver / perLayer)) + (isMlp ? shape.nHeads : 0);
}

/** The graph of a model: heads of one layer do not feed each other, but feed the MLP of their layer. */
export function buildGraph(shape: GraphShape, kvHeads: KvHeads): Graph {
  const senders = senderNames(shape);
  const layers = Array.from({ length: shape.nLayers }, (_, l) => layerReceivers(shape, l, kvHeads));
  const receivers = [...layers.flat(), 'logits'];
  const mask = new Float32Array(senders.length * receivers.length);
  const perLayer = receiversPerLayer(shape, kvHeads);
  let edgeCount = 0;
  for (const r of receivers.keys()) {
    const before = sendersBefore(shape, r, perLayer);
    for (let s = 0; s < before; s++) mask[s * receivers.length + r] = 1;
    edgeCount += before;
  }
  return { senders, receivers, mask, edgeCount };
}
