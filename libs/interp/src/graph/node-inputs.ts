/**
 * Which receivers are the inputs of which node: of `m3` the receiver `m3`, of a head its queries, keys and values. A
 * key/value head of a native graph is an input of every query head that uses it. No tensors here.
 */
import type { Graph } from './graph.ts';

/** By the sender's index, the columns of its node's inputs; none of `input`. */
export function nodeInputs(graph: Pick<Graph, 'senders' | 'receivers'>): number[][] {
  const { nLayers, nHeads, nKvHeads, perLayer } = sizesOf(graph);
  const perKvHead = nHeads / nKvHeads;
  const ofLayer = (layer: number): number[][] => {
    const first = layer * perLayer;
    const heads = Array.from({ length: nHeads }, (_, head) => {
      const k = first + nHeads + Math.floor(head / perKvHead);
      return [first + head, k, k + nKvHeads];
    });
    return [...heads, [first + perLayer - 1]];
  };
  return [[], ...Array.from({ length: nLayers }, (_, layer) => ofLayer(layer)).flat()];
}

/** The shape that a graph was built of; of an expanded one `nKvHeads` counts the copies. */
function sizesOf({ senders, receivers }: Pick<Graph, 'senders' | 'receivers'>) {
  const nLayers = Number(senders.at(-1)!.slice(1)) + 1;
  const nHeads = (senders.length - 1) / nLayers - 1;
  const perLayer = (receivers.length - 1) / nLayers;
  return { nLayers, nHeads, nKvHeads: (perLayer - 1 - nHeads) / 2, perLayer };
}
