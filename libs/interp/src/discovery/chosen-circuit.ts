/** The circuit that a discovery has chosen: by its scores, or what ACDC has left. Not its runs. */
import type { Graph } from '../graph/graph.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { NamedArray } from '../named-array.ts';
import { edgesOver, greedyCircuit, pruneDangling, topEdges } from './select.ts';

export type DiscoverySpec = SpecOf<'circuit-discovery'>;

/** What the rounds have given: of ACDC `in_circuit`, of the others `scores`. */
type Found = Readonly<Record<string, NamedArray>>;

/** Whether edges are tested one by one. */
export function isAcdc({ options: { method } }: DiscoverySpec): boolean {
  return method === 'acdc' || method === 'acdc++';
}

/** The mask [sender, receiver] of the circuit. */
export function chosenCircuit(spec: DiscoverySpec, found: Found, graph: Graph): Uint8Array {
  return withoutDangling(
    spec,
    isAcdc(spec) ? Uint8Array.from(found['in_circuit']!.values) : byScore(spec, found, graph),
    graph,
  );
}

/** The circuit that ACDC takes edges from: all, or those of the strongest scores. */
export function firstCircuit(spec: DiscoverySpec, found: Found, graph: Graph): Uint8Array {
  const { pruneTo } = spec.options;
  if (pruneTo === undefined) return Uint8Array.from(graph.mask);
  return withoutDangling(spec, topEdges(found['scores']!.values, graph, pruneTo), graph);
}

function byScore({ options: { method, n, tau } }: DiscoverySpec, found: Found, graph: Graph): Uint8Array {
  const scores = found['scores']!.values;
  if (method === 'threshold') return edgesOver(scores, graph, tau!);
  return (method === 'greedy' ? greedyCircuit : topEdges)(scores, graph, n!);
}

function withoutDangling({ options }: DiscoverySpec, circuit: Uint8Array, graph: Graph): Uint8Array {
  return options.dangling === 'prune' ? pruneDangling(circuit, graph) : circuit;
}
