/** The order, pages and filters of a circuit as large as a 7B model's: right, and measured. */
import { performance } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { CircuitGraph, type CircuitMatrices } from '../../apps/api/src/circuit/circuit-graph.ts';
import { neighbourhood } from '../../apps/api/src/circuit/neighbourhood.ts';
import { strongestPaths } from '../../apps/api/src/circuit/paths.ts';
import { compareGraphs } from '../../apps/api/src/comparison/compare-circuits.ts';
import { edgePage } from '../../apps/api/src/edge/edge-page.ts';

/** The graph of a Llama of this shape with random scores, some of them equal; 1,592,881 edges for 32 layers of 32 heads. */
function randomMatrices(layers: number, heads: number, seed: number): CircuitMatrices {
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  const headNames = (layer: number) => range(heads).map((head) => `a${layer}.h${head}`);
  const senders = ['input', ...range(layers).flatMap((layer) => [...headNames(layer), `m${layer}`])];
  const ports = (layer: number) =>
    ['q', 'k', 'v'].flatMap((port) => headNames(layer).map((head) => `${head}<${port}>`));
  const receivers = [...range(layers).flatMap((layer) => [...ports(layer), `m${layer}`]), 'logits'];
  const stage = (name: string, after: number) => {
    if (name === 'input') return -1;
    return name === 'logits' ? Infinity : 2 * parseInt(name.slice(1), 10) + (name.startsWith('m') ? 1 : 0) + after;
  };
  const random = mulberry32(seed);
  const scores = new Float32Array(senders.length * receivers.length);
  const mask = new Float32Array(scores.length);
  const receiverStages = receivers.map((name) => stage(name, 0));
  for (const [row, sender] of senders.entries())
    for (const [column, receiverStage] of receiverStages.entries()) {
      const cell = row * receivers.length + column;
      mask[cell] = stage(sender, 0) < receiverStage ? 1 : 0;
      scores[cell] = Math.round((random() - 0.5) ** 3 * 1e4) / 1e4;
    }
  return { senders, receivers, scores, mask };
}

/** A small generator of random numbers in [0, 1), the same for the same seed. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('order', () => {
  it('is that of a comparison sort, equal scores by sender and receiver', () => {
    const graph = new CircuitGraph(randomMatrices(6, 6, 1));
    const cells = [...graph.byStrength].sort((a, b) => a - b);
    const { scores } = graph;
    const by = (compare: (a: number, b: number) => number) =>
      [...cells].sort((a, b) => compare(scores[a]!, scores[b]!) || a - b);
    expect([...graph.byStrength]).toEqual(by((a, b) => Math.abs(b) - Math.abs(a)));
    expect([...graph.ordered('SCORE_ASC')]).toEqual(by((a, b) => a - b));
    expect([...graph.ordered('SCORE_DESC')]).toEqual(by((a, b) => b - a));
    expect(new Set(scores).size).toBeLessThan(scores.length / 2);
  });
});

it('answers in milliseconds for 1.6M edges', () => {
  const lines: string[] = [];
  const timed = <T>(what: string, work: () => T): T => {
    const start = performance.now();
    const value = work();
    lines.push(`${what.padEnd(44)} ${(performance.now() - start).toFixed(1).padStart(8)} ms`);
    return value;
  };
  const matrices = randomMatrices(32, 32, 2);
  const graph = timed('order, once a circuit', () => new CircuitGraph(matrices));
  const other = new CircuitGraph(randomMatrices(32, 32, 3));
  expect(graph.edgeCount).toBe(1_592_881);
  const page = timed('first 100', () => edgePage(graph, { first: 100 }));
  const top = timed('top 1000', () => edgePage(graph, { first: 1000 }));
  expect(top.nodes.slice(0, 100)).toEqual(page.nodes);
  const deep = timed('a page in the middle, filtered', () =>
    edgePage(graph, { first: 100, after: top.pageInfo.endCursor, filter: { sign: 'POSITIVE', ports: ['Q'] } }),
  );
  expect(deep.nodes).toHaveLength(100);
  const filter = {
    receiver: { kinds: ['HEAD' as const], layers: { min: 10, max: 12 }, heads: [3] },
    minAbsoluteScore: 0.05,
  };
  const filtered = timed('filter by layers, head, kind and score', () => edgePage(graph, { first: 100, filter }));
  expect(filtered.nodes.every(({ receiver }) => receiver.head === 3 && [10, 11, 12].includes(receiver.layer!))).toBe(
    true,
  );
  timed('first page by signed score, order included', () => edgePage(graph, { orderBy: 'SCORE_ASC' }));
  timed('second page by signed score', () => edgePage(graph, { orderBy: 'SCORE_ASC', first: 1000 }));
  expect(
    timed('neighbourhood of depth 3', () => neighbourhood(graph, { node: 'a15.h7', depth: 3, top: 200 })),
  ).toHaveLength(600);
  expect(
    timed('20 paths from input to logits', () => strongestPaths(graph, { from: 'input', to: 'logits' })),
  ).toHaveLength(20);
  const { rankCorrelation } = timed('comparison with another circuit', () => compareGraphs(graph, other, 1000));
  expect(Math.abs(rankCorrelation!)).toBeLessThan(0.01);
  console.log(`${graph.edgeCount} edges, ${(graph.bytes / 1e6).toFixed(0)} MB held\n${lines.join('\n')}`);
});
