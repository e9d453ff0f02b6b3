/** EAP-IG's graph format (`Graph.to_json`), in and out. It records neither model nor method: those travel beside it. */
import { DemurError } from '@demur/model';
import { z } from 'zod';
import type { CircuitGraph, CircuitMatrices } from './circuit-graph.ts';

/** A file that is not in EAP-IG's graph format. */
export class EapIgFormatError extends DemurError {
  constructor(path: string, message: string) {
    super('INVALID_GRAPH', message, { path });
  }
}

const count = z.int().min(1).max(1024);

const eapIgSchema = z.object({
  cfg: z.object({
    n_layers: count,
    n_heads: count,
    /** Ours: key/value heads of a graph whose heads share them; EAP-IG's own graphs have none. */
    n_kv_heads: count.optional(),
    parallel_attn_mlp: z.boolean().optional(),
    d_model: z.int().min(1).optional(),
  }),
  nodes: z.record(z.string(), z.object({ in_graph: z.boolean().optional() })),
  edges: z.record(z.string(), z.object({ score: z.number(), in_graph: z.boolean().optional() })),
});

/** The shape that the format records. */
export type EapIgConfig = z.infer<typeof eapIgSchema>['cfg'];
/** A circuit read from a file, with the shape it recorded. */
export type ImportedCircuit = Omit<CircuitMatrices, 'inCircuit' | 'interval'> & {
  inCircuit: Float32Array;
  config: EapIgConfig;
};

/** Reads a graph. Throws `EapIgFormatError` that names the path in the document. */
export function readEapIg(json: unknown): ImportedCircuit {
  const parsed = eapIgSchema.safeParse(json);
  if (!parsed.success) throw formatError(parsed.error.issues[0]!);
  const { cfg, edges } = parsed.data;
  const senders = senderNames(cfg);
  const receivers = receiverNames(cfg);
  const cells = senders.length * receivers.length;
  const circuit = {
    senders,
    receivers,
    scores: new Float32Array(cells),
    mask: new Float32Array(cells),
    inCircuit: new Float32Array(cells),
    config: cfg,
  };
  const cellOf = cellFinder(senders, receivers);
  for (const [name, edge] of Object.entries(edges)) {
    const cell = cellOf(name);
    circuit.scores[cell] = edge.score;
    circuit.mask[cell] = 1;
    circuit.inCircuit[cell] = edge.in_graph === true ? 1 : 0;
  }
  return circuit;
}

function formatError({ path, message }: z.core.$ZodIssue): EapIgFormatError {
  return new EapIgFormatError(
    ['graph', ...path.map(String)].join('.'),
    `${message}; EAP-IG's format is {cfg, nodes, edges}`,
  );
}

/** `m0->a1.h2<q>` to its cell. */
function cellFinder(senders: string[], receivers: string[]): (edge: string) => number {
  const rows = new Map(senders.map((name, row) => [name, row]));
  const columns = new Map(receivers.map((name, column) => [name, column]));
  return (edge) => {
    const [sender = '', receiver = ''] = edge.split('->');
    const [row, column] = [rows.get(sender), columns.get(receiver)];
    if (row === undefined || column === undefined)
      throw new EapIgFormatError(`graph.edges.${edge}`, `"${edge}" is not an edge of a model of the shape in cfg`);
    return row * receivers.length + column;
  };
}

/** `input`, then each layer's heads and MLP. */
function senderNames({ n_layers, n_heads }: EapIgConfig): string[] {
  return ['input', ...range(n_layers).flatMap((layer) => [...heads(layer, 'h', n_heads), `m${layer}`])];
}

/** Each layer's q, k and v of all heads and its MLP, then `logits`. */
function receiverNames({ n_layers, n_heads, n_kv_heads }: EapIgConfig): string[] {
  const shared = (layer: number): string[] =>
    n_kv_heads === undefined ? heads(layer, 'h', n_heads) : heads(layer, 'kv', n_kv_heads);
  const layers = range(n_layers).flatMap((layer) => [
    ...heads(layer, 'h', n_heads).map((head) => `${head}<q>`),
    ...['k', 'v'].flatMap((port) => shared(layer).map((head) => `${head}<${port}>`)),
    `m${layer}`,
  ]);
  return [...layers, 'logits'];
}

function heads(layer: number, kind: 'h' | 'kv', total: number): string[] {
  return range(total).map((head) => `a${layer}.${kind}${head}`);
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/** The shape as the format records it, read off the graph's own names. */
export function eapIgConfig(graph: CircuitGraph, dModel: number | null): EapIgConfig {
  const firstLayer = graph.senders.filter((node) => node.kind === 'HEAD' && node.layer === 0);
  const shared = new Set(
    graph.receivers.filter(({ node }) => node.kind === 'KV_HEAD' && node.layer === 0).map(({ node }) => node.name),
  );
  return {
    n_layers: graph.senders.filter((node) => node.kind === 'MLP').length,
    n_heads: firstLayer.length,
    ...(shared.size > 0 ? { n_kv_heads: shared.size } : {}),
    parallel_attn_mlp: false,
    ...(dModel === null ? {} : { d_model: dModel }),
  };
}

/**
 * The graph as text in pieces, strongest edge first; `metadata` is ours, loaders ignore it. `in_graph` is false
 * everywhere where no circuit was chosen: the file then holds scores alone.
 */
export function* writeEapIg(
  graph: CircuitGraph,
  options: { config: EapIgConfig; metadata: unknown },
): Generator<string> {
  yield `{"metadata":${JSON.stringify(options.metadata)},\n"cfg":${JSON.stringify(options.config)},\n"nodes":{`;
  const kept = keptNodes(graph);
  yield graph
    .nodes()
    .map(({ name }) => `\n${JSON.stringify(name)}:{"in_graph":${kept.has(name)}}`)
    .join(',');
  yield '},\n"edges":{';
  let separator = '\n';
  for (const cell of graph.byStrength) {
    yield `${separator}${JSON.stringify(graph.edgeName(cell))}:{"score":${graph.scores[cell]},"in_graph":${isKept(graph, cell)}}`;
    separator = ',\n';
  }
  yield '}}\n';
}

function isKept(graph: CircuitGraph, cell: number): boolean {
  return graph.inCircuit !== null && graph.inCircuit[cell] !== 0;
}

function keptNodes(graph: CircuitGraph): Set<string> {
  if (graph.inCircuit === null) return new Set();
  const cells = [...graph.byStrength].filter((cell) => isKept(graph, cell));
  return new Set(cells.flatMap((cell) => [graph.sender(cell).name, graph.receiver(cell).node.name]));
}
