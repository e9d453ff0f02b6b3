/** The attribution graph's names, order and edges, against the reference's and against a count by hand. */
import { buildGraph } from '@demur/interp';
import { describe, expect, it } from 'vitest';
import { goldenCase } from '../golden/golden-case.ts';

describe('the graph', () => {
  it.each(['llama_mha', 'llama_gqa_tied'])('has the names, order and edges of the reference: %s', (name) => {
    const { json, arrays } = goldenCase(name, 'plain');
    const shape = { nLayers: json.n_layers, nHeads: json.n_heads, nKvHeads: json.n_kv_heads };
    const graph = buildGraph(shape, 'expanded');
    expect(graph.senders).toEqual(json.senders);
    expect(graph.receivers).toEqual(json.receivers);
    expect(graph.edgeCount).toBe(json.n_edges);
    expect([...graph.mask]).toEqual([...arrays['edge_mask']!.values]);
  });

  it('has the 1,592,881 expanded edges of a model of the shape of Llama-2-7B', () => {
    const shape = { nLayers: 32, nHeads: 32, nKvHeads: 32 };
    expect(buildGraph(shape, 'expanded').edgeCount).toBe(1_592_881);
    expect(buildGraph(shape, 'native').edgeCount).toBe(1_592_881);
  });

  it('reads keys and values once a key/value head when native', () => {
    const { receivers, edgeCount } = buildGraph({ nLayers: 1, nHeads: 4, nKvHeads: 2 }, 'native');
    const queries = ['a0.h0<q>', 'a0.h1<q>', 'a0.h2<q>', 'a0.h3<q>'];
    expect(receivers).toEqual([...queries, 'a0.kv0<k>', 'a0.kv1<k>', 'a0.kv0<v>', 'a0.kv1<v>', 'm0', 'logits']);
    // input reaches 8 head ports; input and 4 heads reach m0; input, 4 heads and m0 reach logits
    expect(edgeCount).toBe(8 + 5 + 6);
  });
});
