/**
 * The EAP-IG package's graph .json (`Graph.to_json`), in and out: `cfg`, `nodes`, `edges`, in the package's own order.
 * It records neither model nor method; our files say so in one more field, `metadata`, which its loader passes over.
 */
import { z } from 'zod';
import { receiversPerLayer } from '../graph/graph.ts';
import { CircuitFormatError } from './errors.ts';
import { fillCircuit, requireScore, type NamedEdge } from './fill-circuit.ts';
import {
  keptNodes,
  edgeName,
  emptyCircuit,
  nodeNames,
  type CircuitShape,
  type ScoredCircuit,
} from './scored-circuit.ts';

const count = z.int().min(1).max(1024);

const configSchema = z.object({
  n_layers: count,
  n_heads: count,
  /** Ours: key/value heads of a graph whose heads share them; EAP-IG's own graphs have none. */
  n_kv_heads: count.optional(),
  parallel_attn_mlp: z.boolean().optional(),
  d_model: z.int().min(1).optional(),
});

const documentSchema = z.object({
  cfg: configSchema,
  nodes: z.looseObject({}),
  edges: z.looseObject({}),
  metadata: z.looseObject({}).optional(),
});

/** The shape as EAP-IG's files record it. */
export type EapIgConfig = z.infer<typeof configSchema>;

/** The shape in EAP-IG's words. */
export function eapIgConfig({ nLayers, nHeads, kvHeads, nKvHeads, parallel, dModel }: CircuitShape): EapIgConfig {
  return {
    n_layers: nLayers,
    n_heads: nHeads,
    ...(kvHeads === 'native' ? { n_kv_heads: nKvHeads ?? nHeads } : {}),
    parallel_attn_mlp: parallel,
    ...(dModel === null ? {} : { d_model: dModel }),
  };
}

/** The shape that a `cfg` tells. @throws CircuitFormatError */
export function shapeOfConfig(cfg: unknown): CircuitShape {
  const { n_layers, n_heads, n_kv_heads, parallel_attn_mlp, d_model } = requireShape(configSchema, cfg, ['cfg']);
  if (n_kv_heads !== undefined && n_heads % n_kv_heads !== 0)
    throw new CircuitFormatError('graph.cfg.n_kv_heads', `${n_heads} heads do not share ${n_kv_heads} key/value heads`);
  return {
    nLayers: n_layers,
    nHeads: n_heads,
    kvHeads: n_kv_heads === undefined ? 'expanded' : 'native',
    nKvHeads: n_kv_heads ?? null,
    parallel: parallel_attn_mlp ?? false,
    dModel: d_model ?? null,
  };
}

/** `value` as the schema has it. @throws CircuitFormatError that names the path in the document */
export function requireShape<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  within: string[] = [],
): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  throw new CircuitFormatError(
    ['graph', ...within, ...path.map(String)].join('.'),
    `${message}; see docs/guides/formats.md`,
  );
}

/** Reads a graph, parsed as JSON. The circuit is that of the edges; what nodes say of `in_graph` follows from it. @throws CircuitFormatError */
export function readEapIg(json: unknown): ScoredCircuit {
  const { cfg, metadata } = requireShape(documentSchema, json);
  const { nodes, edges } = json as { nodes: Record<string, unknown>; edges: Record<string, unknown> };
  const circuit = emptyCircuit(shapeOfConfig(cfg), metadata ?? {});
  fillCircuit(circuit, namedEdges(edges), 'refuse');
  circuit.nodeScores = readNodes(circuit, nodes);
  return circuit;
}

function* namedEdges(edges: Record<string, unknown>): Generator<NamedEdge> {
  for (const name of Object.keys(edges)) {
    const edge = (edges[name] ?? {}) as { score?: unknown; in_graph?: unknown };
    yield { name, score: edge.score, kept: edge.in_graph === true, path: `graph.edges.${name}` };
  }
}

/** A score a sender, NaN where the file has none; null where it has none at all. */
function readNodes({ senders, receivers }: ScoredCircuit, nodes: Record<string, unknown>): Float32Array | null {
  const known = new Set(nodeNames({ senders, receivers }));
  const scores = new Float32Array(senders.length).fill(NaN);
  let any = false;
  for (const name of Object.keys(nodes)) {
    const path = `graph.nodes.${name}`;
    if (!known.has(name)) throw new CircuitFormatError(path, `"${name}" is not a node of a model of the shape in cfg`);
    const { score, neurons } = (nodes[name] ?? {}) as { score?: unknown; neurons?: unknown };
    if (neurons !== undefined)
      throw new CircuitFormatError(`${path}.neurons`, 'the circuit is of neurons; circuits here are of whole nodes');
    const row = senders.indexOf(name);
    if (score == null || row === -1) continue;
    scores[row] = requireScore(score, path);
    any = true;
  }
  return any ? scores : null;
}

/** The graph as text in pieces. `in_graph` of the edges is false everywhere where no circuit was chosen. */
export function* writeEapIg(circuit: ScoredCircuit): Generator<string> {
  yield `{"cfg": ${JSON.stringify(eapIgConfig(circuit.shape))}, "nodes": {${nodesText(circuit)}}, "edges": {`;
  const { scores, inCircuit } = circuit;
  let separator = '';
  for (const cell of packageOrder(circuit)) {
    const kept = inCircuit !== null && inCircuit[cell] !== 0;
    yield `${separator}"${edgeName(circuit, cell)}": {"score": ${scores[cell]}, "in_graph": ${kept}}`;
    separator = ', ';
  }
  yield `}, "metadata": ${JSON.stringify(circuit.record)}}\n`;
}

/** As the package has them: a layer's heads and MLP, layer by layer, then `logits`; key/value heads, which it has not, before that. */
function nodesText(circuit: ScoredCircuit): string {
  const kept = keptNodes(circuit);
  const texts = nodeNames(circuit).map((name, row) => {
    const score = circuit.nodeScores?.[row];
    const scored = score === undefined || Number.isNaN(score) ? '' : `, "score": ${score}`;
    return `"${name}": {"in_graph": ${kept.has(name)}${scored}}`;
  });
  return texts.join(', ');
}

/** Edges as the package lists them: into a layer's heads sender by sender, head by head; into its MLP; at last into the logits. */
function* packageOrder({ shape, receivers, senders, mask }: ScoredCircuit): Generator<number> {
  const width = receivers.length;
  for (let layer = 0; layer < shape.nLayers; layer++) {
    const before = 1 + layer * (shape.nHeads + 1);
    for (const columns of layerColumns(shape, layer))
      for (let row = 0; row < before + shape.nHeads; row++)
        for (const column of columns) if (mask[row * width + column] !== 0) yield row * width + column;
  }
  for (let row = 0; row < senders.length; row++) if (mask[row * width + width - 1] !== 0) yield (row + 1) * width - 1;
}

/** The columns of a layer that are listed together for each sender: heads then MLP, or all at once in parallel blocks. */
function layerColumns(shape: CircuitShape, layer: number): number[][] {
  const { nHeads, kvHeads, parallel } = shape;
  const nKvHeads = kvHeads === 'native' ? (shape.nKvHeads ?? nHeads) : nHeads;
  const perLayer = receiversPerLayer({ nLayers: shape.nLayers, nHeads, nKvHeads }, kvHeads);
  const first = layer * perLayer;
  const shared = (head: number) => [first + nHeads + head, first + nHeads + nKvHeads + head];
  const heads = Array.from({ length: nHeads }, (_, head) => [first + head, ...(head < nKvHeads ? shared(head) : [])]);
  const mlp = first + perLayer - 1;
  return parallel ? [[...heads.flat(), mlp]] : [heads.flat(), [mlp]];
}
