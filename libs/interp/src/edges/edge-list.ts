/**
 * The edges that a spec asks for, by name: as listed, all of the graph, or the strongest of given scores. Read once,
 * before a run; a spec then holds the hash of what was read, and shards carry the names.
 */
import type { ModelConfig } from '@demur/model';
import type { SpecPlaces } from '../found-experiment.ts';
import { edgeCells, edgeName } from '../formats/scored-circuit.ts';
import { buildGraph } from '../graph/graph.ts';
import type { Graph, KvHeads } from '../graph/graph.ts';
import { strongest } from '../graph/score-order.ts';
import type { EdgesSpec } from '../spec/edges.ts';
import { SpecError } from '../spec/errors.ts';
import type { SpecIssue } from '../spec/errors.ts';
import type { ExperimentSpec } from '../spec.ts';
import { readScores } from './read-scores.ts';

export type EdgePatchingSpec = Extract<ExperimentSpec, { kind: 'edge-patching' }>;

/** The names of a list of edges, in its order, or of all in the graph's. @throws TypeError for one that has not been read */
export function edgeNames(edges: EdgesSpec, graph: Graph): string[] {
  if (edges === 'all') return [...edgeCells(graph)].map((cell) => edgeName(graph, cell));
  if (Array.isArray(edges)) return edges;
  throw new TypeError('the edges of a file have not been read');
}

/** What is wrong with the names of a list. */
export function edgeIssues({ edges, kvHeads }: EdgePatchingSpec['options'], config: ModelConfig): SpecIssue[] {
  return Array.isArray(edges) ? namedEdgeIssues(edges, { path: 'options.edges', kvHeads, config }) : [];
}

/** @param options.path where the spec has the list */
export function namedEdgeIssues(
  edges: readonly string[],
  { path: list, kvHeads, config }: { path: string; kvHeads: KvHeads; config: ModelConfig },
): SpecIssue[] {
  const graph = buildGraph(config, kvHeads);
  const [senders, receivers] = [placesOf(graph.senders), placesOf(graph.receivers)];
  return edges.flatMap((name, at) => {
    const [sender, receiver, ...more] = name.split('->');
    const path = `${list}[${at}]`;
    const refused = (message: string): SpecIssue[] => [{ path, message: `${JSON.stringify(name)}: ${message}` }];
    if (sender === undefined || receiver === undefined || more.length > 0)
      return refused('edges are named sender->receiver, such as "m0->logits"');
    const [row, column] = [senders.get(sender), receivers.get(receiver)];
    if (row === undefined) return refused(`there is no sender ${sender}; the model has ${told(graph.senders)}`);
    if (column === undefined)
      return refused(
        `there is no receiver ${receiver} in the ${kvHeads} graph; the model has ${told(graph.receivers)}`,
      );
    if (graph.mask[row * graph.receivers.length + column] === 1) return [];
    return refused(`${sender} does not come before ${receiver}`);
  });
}

function placesOf(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, i) => [name, i]));
}

/** The first names, and the last. */
function told(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')} ... ${names.at(-1)}`;
}

/**
 * The spec with the hash of the scores that it names, in a file or by their experiment, and the names of their strongest edges; null where it names none.
 * @throws SpecError naming them and the fix: unreadable, of another shape, with fewer edges, or changed since its hash was taken
 */
export async function readEdges(
  spec: ExperimentSpec,
  places: SpecPlaces,
): Promise<{ pinned: ExperimentSpec; names: string[] | null }> {
  if (spec.kind !== 'edge-patching' || typeof spec.options.edges === 'string' || Array.isArray(spec.options.edges))
    return { pinned: spec, names: null };
  const { edges: asked, kvHeads } = spec.options;
  const graph = buildGraph(places.source.config, kvHeads);
  const { scores, sha256 } = await readScores(asked.of, { path: 'options.edges.of', graph, kvHeads, places });
  const pinned = withEdges(spec, { ...asked, of: { ...asked.of, sha256 } });
  return { pinned, names: strongestNames(scores, graph, asked.top) };
}

/** An edge patching of other edges. */
function withEdges(spec: EdgePatchingSpec, edges: EdgesSpec): EdgePatchingSpec {
  return { ...spec, options: { ...spec.options, edges } };
}

/** The spec with the edges that `readEdges` has found for it: what runs on another thread. */
export function inlineEdges(spec: ExperimentSpec, names: string[] | null): ExperimentSpec {
  return spec.kind === 'edge-patching' && names !== null ? withEdges(spec, names) : spec;
}

/** The names of the `count` edges with the largest |score|, strongest first. @throws SpecError when there are fewer */
function strongestNames(scores: Float32Array, graph: Graph, count: number): string[] {
  const cells = edgeCells(graph);
  if (count > cells.length)
    throw new SpecError([
      { path: 'options.edges.top', message: `${count} is more than the ${cells.length} edges that the model has` },
    ]);
  return [...strongest(scores, cells, count)].map((cell) => edgeName(graph, cell));
}
