/** What the merged arrays of a discovery become: the circuit and its mask, how large it is, and how faithful. No tensors. */
import { isSenderMean } from '../circuit-runs/ablation.ts';
import { faithfulnessOf } from '../evaluation/faithfulness.ts';
import { keptNodes } from '../formats/scored-circuit.ts';
import { buildGraph } from '../graph/graph.ts';
import type { SummaryContext } from '../kinds/kind.ts';
import type { NamedArray } from '../named-array.ts';
import { chosenCircuit } from './chosen-circuit.ts';
import type { DiscoverySpec } from './chosen-circuit.ts';

/** The circuit that a discovery has found. */
export interface FoundCircuit {
  edges: number;
  /** That its edges touch, with `logits`. */
  nodes: number;
  /** (mean m(circuit) − mean m(∅)) / (mean m(clean) − mean m(∅)); null where the two ends are equal. */
  faithfulness: number | null;
  /** Of ACDC: edges that were tested, and the runs of circuits that this took, those of tests for nothing included. */
  tested?: number;
  passes?: number;
}

export interface DiscoverySummary {
  senders: string[];
  receivers: string[];
  edges: number;
  circuit: FoundCircuit;
}

/** Puts `in_circuit` and `mask`, and of ACDC `effects` [sender, receiver], NaN where none was measured, into the arrays. */
export function summariseDiscovery(
  spec: DiscoverySpec,
  arrays: Record<string, NamedArray>,
  { config }: Pick<SummaryContext<'circuit-discovery'>, 'config'>,
): DiscoverySummary {
  const graph = buildGraph(config, spec.options.kvHeads);
  const { senders, receivers, mask, edgeCount: edges } = graph;
  const shape = [senders.length, receivers.length];
  const inCircuit = Float32Array.from(chosenCircuit(spec, arrays, graph));
  arrays['in_circuit'] = { shape, values: inCircuit };
  arrays['mask'] = { shape, values: mask };
  for (const name of Object.keys(arrays)) if (isSenderMean(name)) delete arrays[name];
  const circuit = {
    edges: inCircuit.reduce((sum, kept) => sum + kept, 0),
    nodes: keptNodes({ senders, receivers, mask, inCircuit }).size,
    faithfulness: faithfulnessOf(arrays['circuit.metric']!.values, arrays),
    ...takeCounts(arrays),
  };
  return { senders, receivers, edges, circuit };
}

function takeCounts(arrays: Record<string, NamedArray>): Pick<FoundCircuit, 'tested' | 'passes'> {
  const { 'acdc.counts': counts, 'acdc.effects': effects } = arrays;
  if (counts === undefined || effects === undefined) return {};
  delete arrays['acdc.counts'];
  delete arrays['acdc.effects'];
  arrays['effects'] = effects;
  const [tested, passes] = counts.values as unknown as [number, number];
  return { tested, passes };
}
