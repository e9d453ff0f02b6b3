/** Attribution-graph JSON, schema 1.0.0, as a circuit of components. Graphs of features are refused by the types of their nodes. */
import { z } from 'zod';
import { placeOf } from './attribution-graph.ts';
import { requireShape, shapeOfConfig } from './eap-ig-json.ts';
import { CircuitFormatError } from './errors.ts';
import { fillCircuit, requireScore, type NamedEdge } from './fill-circuit.ts';
import { emptyCircuit, MAX_CELLS, nodeNames, type ScoredCircuit } from './scored-circuit.ts';

const nodeSchema = z.object({
  node_id: z.string(),
  feature: z.int().nullable(),
  layer: z.union([z.string(), z.int()]),
  ctx_idx: z.int().min(0).max(1_000_000),
  feature_type: z.string(),
  jsNodeId: z.string(),
  clerp: z.string(),
});

const documentSchema = z.object({
  metadata: z.object({
    slug: z.string(),
    scan: z.string(),
    prompt_tokens: z.array(z.string()),
    prompt: z.string(),
    generation_settings: z.unknown(),
    record: z.looseObject({}).optional(),
  }),
  qParams: z.looseObject({}),
  nodes: z.array(nodeSchema),
  links: z.array(
    z.object({
      source: z.string(),
      target: z.string(),
      weight: z.unknown(),
      port: z.enum(['q', 'k', 'v', 'in']).optional(),
      in_graph: z.boolean().optional(),
    }),
  ),
});

type Document = z.infer<typeof documentSchema>;

/** A node of the file as the component it is. */
interface Component {
  name: string;
  position: number;
}

/**
 * Reads a graph, parsed as JSON; links that are left out score 0. Scores at several positions are kept apart, and summed.
 * @throws CircuitFormatError
 */
export function readAttributionGraph(json: unknown): ScoredCircuit {
  const document = requireShape(documentSchema, json);
  refuseFeatures(document);
  const { metadata } = document;
  const record = metadata.record ?? { model: metadata.scan, tokens: metadata.prompt_tokens };
  const circuit = emptyCircuit(shapeOfConfig(metadata.generation_settings), record);
  const ends = componentsOf(document, circuit);
  const positions = requirePositions(circuit, ends);
  const byPosition = new Map<number, ScoredCircuit>();
  for (const [position, edges] of edgesByPosition(document, ends)) {
    const at = emptyCircuit(circuit.shape);
    fillCircuit(at, edges, 'zero');
    byPosition.set(position, at);
  }
  return merged(circuit, byPosition, positions);
}

/** How many positions scores are kept apart for; null where all nodes are at one. @throws CircuitFormatError where they would not fit in memory */
function requirePositions(circuit: ScoredCircuit, ends: Map<string, Component>): number | null {
  const positions = new Set([...ends.values()].map(({ position }) => position));
  if (positions.size <= 1) return null;
  const count = [...positions].reduce((most, position) => Math.max(most, position), 0) + 1;
  if (count * circuit.mask.length <= MAX_CELLS) return count;
  throw new CircuitFormatError(
    'graph.nodes',
    `${count} positions of ${circuit.mask.length} cells are more than ${MAX_CELLS}; leave positions out`,
  );
}

/** The types that components have; features have others. */
const componentTypes = ['embedding', 'attention head', 'key/value head', 'mlp', 'logit'];

function refuseFeatures({ nodes }: Document): void {
  const foreign = new Set(nodes.map((node) => node.feature_type).filter((type) => !componentTypes.includes(type)));
  if (foreign.size > 0)
    throw new CircuitFormatError(
      'graph.nodes',
      `the graph has nodes of the types ${[...foreign].map((type) => `"${type}"`).join(', ')}; features are no components ` +
        `of the model, whose types are ${componentTypes.join(', ')}`,
    );
}

/** The component of each id. Ids alone may collide, so nodes are told apart by type and id, and an id of two types is refused. */
function componentsOf({ nodes }: Document, circuit: ScoredCircuit): Map<string, Component> {
  const names = new Map(
    nodeNames(circuit).map((name) => {
      const { layer, index, featureType } = placeOf(name, circuit.shape);
      return [`${featureType} ${layer}_${index}`, name];
    }),
  );
  const components = new Map<string, Component>();
  for (const [at, { node_id: id, feature_type, ctx_idx: position }] of nodes.entries()) {
    const path = `graph.nodes.${at}.node_id`;
    const name = names.get(`${feature_type} ${id.replace(/_\d+$/, '')}`);
    if (name === undefined || !id.endsWith(`_${position}`))
      throw new CircuitFormatError(
        path,
        `"${id}" is no ${feature_type} of a model of the shape in generation_settings`,
      );
    if (components.has(id))
      throw new CircuitFormatError(path, `the id "${id}" is there twice; links could not tell which`);
    components.set(id, { name, position });
  }
  return components;
}

function edgesByPosition({ links }: Document, ends: Map<string, Component>): Map<number, NamedEdge[]> {
  const edges = new Map<number, NamedEdge[]>();
  for (const [at, { source, target, weight, port = 'in', in_graph }] of links.entries()) {
    const path = `graph.links.${at}`;
    const [from, to] = [ends.get(source), ends.get(target)];
    if (from === undefined || to === undefined)
      throw new CircuitFormatError(path, `there is no node "${from === undefined ? source : target}"`);
    if (from.position !== to.position)
      throw new CircuitFormatError(
        path,
        `"${source}" and "${target}" are at two positions; edges of components stay at one`,
      );
    const name = `${from.name}->${to.name}${port === 'in' ? '' : `<${port}>`}`;
    const known = edges.get(to.position) ?? [];
    known.push({ name, score: requireScore(weight, path), kept: in_graph === true, path });
    edges.set(to.position, known);
  }
  return edges;
}

/** Sums over positions, in float64 until rounded once. */
function merged(circuit: ScoredCircuit, parts: Map<number, ScoredCircuit>, positions: number | null): ScoredCircuit {
  const sums = new Float64Array(circuit.mask.length);
  for (const { scores, inCircuit } of parts.values())
    for (let cell = 0; cell < sums.length; cell++) {
      sums[cell]! += scores[cell]!;
      if (inCircuit?.[cell] === 1) (circuit.inCircuit ??= new Float32Array(sums.length))[cell] = 1;
    }
  circuit.scores = Float32Array.from(sums);
  if (positions !== null)
    circuit.byPosition = Array.from(
      { length: positions },
      (_, at) => parts.get(at)?.scores ?? new Float32Array(sums.length),
    );
  return circuit;
}
