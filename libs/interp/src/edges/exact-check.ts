/**
 * How well an attribution's scores tell what its edges do: exact patching of its strongest edges and of random others.
 * Which edges these are follows from the scores and the seed alone. Not the patching: edge-patching.ts.
 */
import { randomStream } from '@demur/model';
import { pearson, spearman } from '../correlation.ts';
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import type { Graph } from '../graph/graph.ts';
import { strengthOrder } from '../graph/score-order.ts';
import type { NamedArray } from '../named-array.ts';
import type { ExperimentSpec } from '../spec.ts';

export type AttributionSpec = Extract<ExperimentSpec, { kind: 'attribution' }>;

/** How scores agree with exact effects. Correlations are null where a list is constant. */
export interface Agreement {
  pearson: number | null;
  spearman: number | null;
  /** Part of the edges whose score and effect have the same sign; null of no edges. */
  signs: number | null;
}

export interface ExactCheck extends Agreement {
  /** The strongest edges alone, and the random ones alone. */
  top: Agreement;
  random: Agreement;
  /** The strongest edges first, then the random ones. */
  edges: { name: string; score: number; exact: number }[];
}

/** What `checkExact` asks for: as many of the strongest edges and as many random others, or all if there are not so many. */
interface CheckOptions {
  count: number;
  seed: number;
}

export function checkOptions({ options, seed = 0 }: AttributionSpec): CheckOptions {
  return { count: options.checkExact, seed };
}

/** The cells to check: the strongest edges, then random others. */
function checkedCells(scores: Float32Array, graph: Graph, { count, seed }: CheckOptions): Uint32Array {
  const cells = strengthOrder(scores, edgeCells(graph));
  const random = randomStream(seed, 0);
  const end = Math.min(2 * count, cells.length);
  for (let at = count; at < end; at++) {
    const other = at + Math.floor(random() * (cells.length - at));
    [cells[at], cells[other]] = [cells[other]!, cells[at]!];
  }
  return cells.slice(0, end);
}

/** The names of the edges to check. */
export function checkedEdges(scores: Float32Array, graph: Graph, options: CheckOptions): string[] {
  return [...checkedCells(scores, graph, options)].map((cell) => edgeName(graph, cell));
}

/** The check's outcome from its effects, in the order of `checkedEdges`, which this takes out of the arrays; undefined without. */
export function takeExactCheck(
  spec: ExperimentSpec,
  arrays: Record<string, NamedArray>,
  graph: Graph,
): ExactCheck | undefined {
  const effects = arrays['check.effects']?.values;
  if (spec.kind !== 'attribution' || effects === undefined) return undefined;
  const options = checkOptions(spec);
  delete arrays['check.effects'];
  const all = arrays['scores']!.values;
  const cells = checkedCells(all, graph, options);
  const scores = Float32Array.from(cells, (cell) => all[cell]!);
  const part = (from: number, to: number): Agreement => agreement(scores.slice(from, to), effects.slice(from, to));
  const edges = [...cells].map((cell, i) => ({ name: edgeName(graph, cell), score: scores[i]!, exact: effects[i]! }));
  const top = Math.min(options.count, cells.length);
  return { ...part(0, cells.length), top: part(0, top), random: part(top, cells.length), edges };
}

function agreement(scores: Float32Array, effects: Float32Array): Agreement {
  const same = scores.reduce((sum, score, i) => sum + (Math.sign(score) === Math.sign(effects[i]!) ? 1 : 0), 0);
  return {
    pearson: pearson(scores, effects),
    spearman: spearman(scores, effects),
    signs: scores.length === 0 ? null : same / scores.length,
  };
}
