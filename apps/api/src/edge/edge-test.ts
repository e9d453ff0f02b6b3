/** An edge filter as a test on cells: one table over senders, one over receivers, and bounds on the score. */
import type { CircuitGraph } from '../circuit/circuit-graph.ts';
import type { Node } from '../node/node.type.ts';
import type { NodeFilter } from '../node/node.input.ts';
import type { EdgeFilter } from './edge.input.ts';

/** Whether the edge at a cell passes. */
export type EdgeTest = (cell: number) => boolean;

/** The test that `filter` stands for; a condition left out lets everything through. */
export function edgeTest(graph: CircuitGraph, filter: EdgeFilter | null | undefined): EdgeTest {
  const columns = graph.receivers.length;
  const { scores, inCircuit } = graph;
  const senders = graph.senders.map((node) => passes(node, node.name, filter?.sender));
  const receivers = graph.receivers.map(
    ({ node, name, port }) => passes(node, name, filter?.receiver) && (filter?.ports?.includes(port) ?? true),
  );
  const [low, high] = scoreBounds(filter);
  const minAbsolute = filter?.minAbsoluteScore ?? 0;
  const wanted = filter?.inCircuit ?? null;
  return (cell) => {
    const score = scores[cell]!;
    if (score <= low || score >= high || Math.abs(score) < minAbsolute) return false;
    if (wanted !== null && (inCircuit !== null && inCircuit[cell] !== 0) !== wanted) return false;
    return receivers[cell % columns]! && senders[Math.floor(cell / columns)]!;
  };
}

/** Scores strictly between these have the sign asked for. */
function scoreBounds(filter: EdgeFilter | null | undefined): [low: number, high: number] {
  if (filter?.sign === 'POSITIVE') return [0, Infinity];
  return filter?.sign === 'NEGATIVE' ? [-Infinity, 0] : [-Infinity, Infinity];
}

function passes(node: Node, name: string, filter: NodeFilter | null | undefined): boolean {
  if (!filter) return true;
  const { kinds, layers, heads, names } = filter;
  if (kinds && !kinds.includes(node.kind)) return false;
  if (layers && !inLayers(node, layers.min ?? 0, layers.max ?? Infinity)) return false;
  if (heads && (node.head === null || !heads.includes(node.head))) return false;
  return !names || names.includes(node.name) || names.includes(name);
}

function inLayers({ layer }: Node, min: number, max: number): boolean {
  return layer !== null && layer >= min && layer <= max;
}
