/** Circuits chosen by score, against the definitions on names and sets, and what has to hold of any circuit. */
import { buildGraph, type Graph } from '@demur/interp';
import { describe, expect, it } from 'vitest';
import { edgesOver, greedyCircuit, pruneDangling, topEdges } from '../../libs/interp/src/discovery/select.ts';
import { randomValues } from '../model/tiny-model.ts';

const shape = { nLayers: 3, nHeads: 4, nKvHeads: 2 };
const graphs = (['expanded', 'native'] as const).map((kvHeads) => [kvHeads, buildGraph(shape, kvHeads)] as const);

interface NamedEdge {
  cell: number;
  from: string;
  /** The nodes that read it: of keys and values of a native graph, the two query heads that share them. */
  into: string[];
  score: number;
}

/** `a1.h2<q>` is an input of a1.h2; `a1.kv1<k>` of a1.h2 and a1.h3. */
function readersOf(receiver: string): string[] {
  const shared = /^(a\d+)\.kv(\d+)</.exec(receiver);
  if (shared === null) return [receiver.split('<')[0]!];
  const first = 2 * Number(shared[2]);
  return [`${shared[1]}.h${first}`, `${shared[1]}.h${first + 1}`];
}

function namedEdges({ senders, receivers, mask }: Graph, scores: Float32Array): NamedEdge[] {
  return [...mask.keys()]
    .filter((cell) => mask[cell] === 1)
    .map((cell) => ({
      cell,
      from: senders[Math.floor(cell / receivers.length)]!,
      into: readersOf(receivers[cell % receivers.length]!),
      score: scores[cell]!,
    }));
}

/** Stable: of equal ones the first stays first. */
const strongest = (edges: NamedEdge[]) => edges.toSorted((a, b) => Math.abs(b.score) - Math.abs(a.score));

const cellsOf = (circuit: Uint8Array) => [...circuit.keys()].filter((cell) => circuit[cell] === 1);
const sorted = (edges: NamedEdge[]) => edges.map(({ cell }) => cell).sort((a, b) => a - b);

/** The strongest edge into the circuit, again and again. */
function greedyByDefinition(edges: NamedEdge[], n: number): NamedEdge[] {
  const nodes = new Set(['logits']);
  const chosen: NamedEdge[] = [];
  while (chosen.length < n) {
    const open = edges.filter((edge) => !chosen.includes(edge) && edge.into.some((node) => nodes.has(node)));
    const next = strongest(open)[0]!;
    chosen.push(next);
    nodes.add(next.from);
  }
  return chosen;
}

/** Takes away edges of nodes that nothing goes into or out of, until there are none. */
function pruneByDefinition(edges: NamedEdge[]): NamedEdge[] {
  const isAlive = ({ from, into }: NamedEdge): boolean =>
    (from === 'input' || edges.some((edge) => edge.into.includes(from))) &&
    into.some((node) => node === 'logits' || edges.some((edge) => edge.from === node));
  const left = edges.filter(isAlive);
  return left.length === edges.length ? left : pruneByDefinition(left);
}

describe.each(graphs)('the %s graph', (_, graph) => {
  const scores = randomValues(graph.mask.length, 3);
  const edges = namedEdges(graph, scores);

  it('gives the strongest edges, and those over a threshold', () => {
    expect(cellsOf(topEdges(scores, graph, 10))).toEqual(sorted(strongest(edges).slice(0, 10)));
    expect(cellsOf(topEdges(scores, graph, 1e6))).toEqual(sorted(edges));
    const tau = Math.abs(strongest(edges)[9]!.score);
    expect(cellsOf(edgesOver(scores, graph, tau))).toEqual(sorted(strongest(edges).slice(0, 10)));
    expect(cellsOf(edgesOver(scores, graph, 2))).toEqual([]);
  });

  it.each([1, 2, 7, 25, 60])('chooses %i edges from the logits backwards', (n) => {
    expect(cellsOf(greedyCircuit(scores, graph, n))).toEqual(sorted(greedyByDefinition(edges, n)));
  });

  it('chooses the first of equally strong edges', () => {
    const few = Float32Array.from(scores, (score) => Math.round(2 * score) / 2);
    const equal = namedEdges(graph, few);
    expect(cellsOf(topEdges(few, graph, 15))).toEqual(sorted(strongest(equal).slice(0, 15)));
    expect(cellsOf(greedyCircuit(few, graph, 30))).toEqual(sorted(greedyByDefinition(equal, 30)));
  });

  it('reaches every edge, as all of them lead to the logits', () => {
    expect(cellsOf(greedyCircuit(scores, graph, graph.edgeCount + 5))).toEqual(sorted(edges));
    expect(pruneDangling(Uint8Array.from(graph.mask), graph)).toEqual(Uint8Array.from(graph.mask));
  });

  it.each([4, 8, 12, 20, 40])('takes what dangles off %i edges, at both ends', (n) => {
    const chosen = strongest(edges).slice(0, n);
    const pruned = pruneDangling(topEdges(scores, graph, n), graph);
    expect(cellsOf(pruned)).toEqual(sorted(pruneByDefinition(chosen)));
    expect(pruneDangling(pruned, graph)).toEqual(pruned);
  });

  it('leaves nothing of a circuit that does not begin at the input, or end at the logits', () => {
    const named = (...names: string[]) => {
      const circuit = new Uint8Array(graph.mask.length);
      for (const name of names) {
        const [from, into] = name.split('->') as [string, string];
        circuit[graph.senders.indexOf(from) * graph.receivers.length + graph.receivers.indexOf(into)] = 1;
      }
      return circuit;
    };
    const whole = ['input->a0.h1<q>', 'a0.h1->m1', 'm1->a2.h0<q>', 'a2.h0->logits'];
    expect(pruneDangling(named(...whole), graph)).toEqual(named(...whole));
    for (const missing of whole.keys())
      expect(cellsOf(pruneDangling(named(...whole.toSpliced(missing, 1)), graph))).toEqual([]);
    expect(pruneDangling(named(...whole, 'input->m0', 'm0->a1.h1<q>', 'm2->logits'), graph)).toEqual(named(...whole));
  });
});

it('chooses of 1.6 million edges', () => {
  const graph = buildGraph({ nLayers: 32, nHeads: 32, nKvHeads: 32 }, 'expanded');
  const scores = randomValues(graph.mask.length, 5);
  const circuit = greedyCircuit(scores, graph, 300_000);
  expect(cellsOf(circuit).length).toBe(300_000);
  const pruned = cellsOf(pruneDangling(circuit, graph));
  expect(pruned.length).toBeGreaterThan(250_000);
  expect(pruned.every((cell) => circuit[cell] === 1)).toBe(true);
});
