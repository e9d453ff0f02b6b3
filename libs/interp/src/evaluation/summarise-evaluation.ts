/**
 * From circuits' metrics to how faithful they are, and MIB's two numbers of a curve (Mueller et al. 2025, arXiv 2504.13151):
 * CPR, the area under faithfulness over the share of edges, and CMD, the area between faithfulness and 1. No tensors here.
 */
import { DemurError } from '@demur/model';
import { buildGraph } from '../graph/graph.ts';
import type { SummaryContext } from '../kinds/kind.ts';
import type { NamedArray } from '../named-array.ts';
import { evaluatedCircuits } from './evaluated-circuits.ts';
import type { EvaluationSpec } from './evaluated-circuits.ts';
import { faithfulnessOf, meanOf } from './faithfulness.ts';

/** A circuit of a curve. */
export interface EvaluatedSize {
  edges: number;
  /** Of the graph's edges, 0 to 1. */
  share: number;
  faithfulness: number;
  completeness?: number;
}

export interface EvaluationSummary {
  senders: string[];
  receivers: string[];
  edges: number;
  sizes: EvaluatedSize[];
  /** Null of sizes that do not span the curve: from 0.1 % of the edges, or one, to all. */
  cpr: number | null;
  cmd: number | null;
  ablation: EvaluationSpec['options']['ablation'];
}

/** A metric that does not tell the clean run from the one without edges. */
export class FaithfulnessUndefinedError extends DemurError {
  constructor(mean: number, ablation: string) {
    super(
      'FAITHFULNESS_UNDEFINED',
      `the metric's mean over the pairs is ${mean} both in the clean run and with all edges ablated (${ablation}), so that faithfulness would be a number over 0; use pairs or a metric that these runs differ in, or another "ablation"`,
      { path: 'pairs' },
    );
  }
}

/** Puts `faithfulness` and, if asked, `completeness` [size] into the arrays, and takes out what was only needed for them. */
export function summariseEvaluation(
  spec: EvaluationSpec,
  arrays: Record<string, NamedArray>,
  { config }: Pick<SummaryContext<'circuit-evaluation'>, 'config'>,
): EvaluationSummary {
  const { kvHeads, ablation } = spec.options;
  const graph = buildGraph(config, kvHeads);
  const circuits = evaluatedCircuits(spec, arrays, graph);
  const edges = circuits.map((circuit) => circuit.reduce((sum, kept) => sum + kept, 0));
  const faithfulness = faithfulnessOfSizes(arrays, 'metric', ablation);
  const completeness =
    'complement.metric' in arrays ? faithfulnessOfSizes(arrays, 'complement.metric', ablation) : undefined;
  for (const name of Object.keys(arrays)) if (!isKept(name)) delete arrays[name];
  const ofSizes = (values: number[]): NamedArray => ({ shape: [edges.length], values: Float32Array.from(values) });
  arrays['faithfulness'] = ofSizes(faithfulness);
  if (completeness !== undefined) arrays['completeness'] = ofSizes(completeness);
  const sizes = edges.map((count, i) => ({
    ...{ edges: count, share: count / graph.edgeCount, faithfulness: faithfulness[i]! },
    ...(completeness && { completeness: completeness[i]! }),
  }));
  const { senders, receivers, edgeCount } = graph;
  return { senders, receivers, edges: edgeCount, sizes, ...areas(sizes, edgeCount), ablation };
}

/** Means and scores are of the rounds alone. */
function isKept(name: string): boolean {
  return name === 'metric' || name.startsWith('baseline.');
}

/** Of each size; of a complement, what the model does without the circuit. @throws FaithfulnessUndefinedError */
function faithfulnessOfSizes(arrays: Record<string, NamedArray>, name: string, ablation: string): number[] {
  const { shape, values } = arrays[name]!;
  const [sizes, pairs] = shape as [number, number];
  return Array.from({ length: sizes }, (_, i) => {
    const share = faithfulnessOf(values.subarray(i * pairs, (i + 1) * pairs), arrays);
    if (share === null) throw new FaithfulnessUndefinedError(meanOf(arrays['baseline.clean']!.values), ablation);
    return share;
  });
}

/** Trapezoids between neighbouring sizes, as MIB sums them. */
function areas(sizes: readonly EvaluatedSize[], edgeCount: number): Pick<EvaluationSummary, 'cpr' | 'cmd'> {
  const [first, last] = [sizes[0]!, sizes.at(-1)!];
  if (last.edges !== edgeCount || first.edges > Math.max(1, edgeCount / 1000)) return { cpr: null, cmd: null };
  const area = (of: (faithfulness: number) => number): number =>
    sizes.slice(1).reduce((sum, size, i) => {
      const before = sizes[i]!;
      return sum + ((size.share - before.share) * (of(size.faithfulness) + of(before.faithfulness))) / 2;
    }, 0);
  return { cpr: area((value) => value), cmd: area((value) => Math.abs(1 - value)) };
}
