/** The attribution graph's names, order and edges, against the reference's and against a count by hand. */
import { buildGraph } from '@demur/interp';
import { describe, expect, it } from 'vitest';
import { strongest } from '../../libs/interp/src/graph/score-order.ts';
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

describe('the strongest cells', () => {
  // Few values, of both signs and zero: many are equal, and equal ones stay in their order.
  const scores = Float32Array.from({ length: 5000 }, (_, i) => Math.round(40 * Math.sin(i ** 2)) / 1e3 ** (i % 3));
  const cells = Uint32Array.from(scores.keys()).filter((cell) => cell % 7 !== 0);
  const byComparison = [...cells].sort((a, b) => Math.abs(scores[b]!) - Math.abs(scores[a]!) || a - b);

  it.each([0, 1, 10, 1000, cells.length, cells.length + 1])('are the first %i by a comparison sort', (count) => {
    expect([...strongest(scores, cells, count)]).toEqual(byComparison.slice(0, count));
  });
});
