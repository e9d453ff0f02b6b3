/** The scores of all edges as an attribution found them, in the forms that studies read them in. Not how they come about. */
import { edgeCells, edgeName, strengthOrder, type Graph } from '@demur/interp';
import type { StudyFinding } from './study.ts';

export interface EdgeScores extends Pick<Graph, 'senders' | 'receivers'> {
  /** Cells of the matrix [sender, receiver] that are edges. */
  cells: Uint32Array;
  /** Of every cell, row-major. */
  scores: Float32Array;
  /** `cells`, the largest |score| first. */
  order: Uint32Array;
  /** Seconds that the order took. */
  orderSeconds: number;
}

/** @throws StudyError for an experiment without scores */
export async function edgeScores({ result, array }: StudyFinding): Promise<EdgeScores> {
  const [{ values: scores }, { values: mask }] = await Promise.all([array('scores'), array('mask')]);
  const { senders = [], receivers = [] } = result;
  const cells = edgeCells({ mask });
  const begun = performance.now();
  const order = strengthOrder(scores, cells);
  return { senders, receivers, cells, scores, order, orderSeconds: (performance.now() - begun) / 1000 };
}

/** The names of some of its edges, such as `m0->a1.h2<q>`. */
export function edgeNames(graph: Pick<EdgeScores, 'senders' | 'receivers'>, cells: Iterable<number>): string[] {
  return Array.from(cells, (cell) => edgeName(graph, cell));
}

/** The part of all |score| that the `count` strongest edges have; 0 where no edge has any. */
export function strengthShare({ scores, order }: EdgeScores, count: number): number {
  const sum = (cells: Uint32Array): number => cells.reduce((total, cell) => total + Math.abs(scores[cell]!), 0);
  const all = sum(order);
  return all === 0 ? 0 : sum(order.subarray(0, count)) / all;
}

/** |a ∩ b| */
export function sharedCount(a: Iterable<number>, b: Iterable<number>): number {
  return new Set(a).intersection(new Set(b)).size;
}
