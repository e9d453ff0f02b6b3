/**
 * Circuits of components as attribution-graph JSON, schema 1.0.0, which Neuronpedia and Anthropic's frontend draw: heads,
 * MLPs, input and logits as nodes. The format's own content is graphs of features; those are no circuits of components and
 * are refused. The reading is in read-attribution-graph.ts, the choices in docs/guides/formats.md.
 */
import { basename } from 'node:path';
import { eapIgConfig } from './eap-ig-json.ts';
import {
  keptNodes,
  nodeNames,
  nodeOf,
  portOf,
  strongestFirst,
  type CircuitShape,
  type ScoredCircuit,
} from './scored-circuit.ts';

export interface AttributionGraphOptions {
  /** How many of the strongest edges become links; all with a score by default. */
  top?: number;
}

/** A component at a token position. */
interface Place {
  layer: string;
  /** Within the layer: heads, then the MLP, then key/value heads; so no two components of a layer share an id. */
  index: number;
  featureType: 'embedding' | 'attention head' | 'key/value head' | 'mlp' | 'logit';
}

/** Where a node stands in a graph of this shape. */
export function placeOf(name: string, { nLayers, nHeads }: CircuitShape): Place {
  if (name === 'input') return { layer: 'E', index: 0, featureType: 'embedding' };
  if (name === 'logits') return { layer: String(nLayers + 1), index: 0, featureType: 'logit' };
  const [, mlp, layer, kind, head] = /^(?:m(\d+)|a(\d+)\.(h|kv)(\d+))$/.exec(name)!;
  if (mlp !== undefined) return { layer: mlp, index: nHeads, featureType: 'mlp' };
  if (kind === 'h') return { layer: layer!, index: Number(head), featureType: 'attention head' };
  return { layer: layer!, index: nHeads + 1 + Number(head), featureType: 'key/value head' };
}

/** The number that circuit-tracer gives a feature: Cantor's pairing of layer and index. */
function cantor(x: number, y: number): number {
  return ((x + y) * (x + y + 1)) / 2 + y;
}

/**
 * The file as text in pieces. Where scores were kept apart by position, each component is a node at each position; else it
 * is one at the answer position. A link has, beside what the schema asks for, the `port` and whether it is `in_graph`.
 */
export function* writeAttributionGraph(
  circuit: ScoredCircuit,
  options: AttributionGraphOptions = {},
): Generator<string> {
  const tokens = tokensOf(circuit);
  yield `{"metadata":${JSON.stringify(metadata(circuit, tokens))},\n`;
  yield '"qParams":{"pinnedIds":[],"supernodes":[],"linkType":"both","clickedId":"","sg_pos":""},\n"nodes":[';
  const matrices = circuit.byPosition ?? [circuit.scores];
  const first = circuit.byPosition === null ? tokens.length - 1 : 0;
  const ids = idsOf(circuit);
  for (const position of matrices.keys())
    yield (position === 0 ? '\n' : ',\n') + nodesAt(circuit, { position: first + position, length: tokens.length });
  yield '],\n"links":[';
  let separator = '\n';
  for (const cell of strongestFirst(circuit).subarray(0, options.top))
    for (const [position, scores] of matrices.entries()) {
      if (scores[cell] === 0 && !isKept(circuit, cell)) continue;
      yield separator + linkText(circuit, ids, { cell, weight: scores[cell]!, position: first + position });
      separator = ',\n';
    }
  yield ']}\n';
}

function isKept({ inCircuit }: ScoredCircuit, cell: number): boolean {
  return inCircuit !== null && inCircuit[cell] !== 0;
}

/** The prompt's tokens as far as known, and a sign for each that is not. */
function tokensOf({ record, byPosition }: ScoredCircuit): string[] {
  const { tokens } = record as { tokens?: unknown };
  const known = Array.isArray(tokens) ? tokens.map(String) : [];
  const length = Math.max(byPosition?.length ?? 1, known.length);
  return [...Array.from({ length: length - known.length }, () => '?'), ...known];
}

function metadata({ record, shape, byPosition }: ScoredCircuit, tokens: string[]) {
  const { model, name } = record as { model?: string | { path?: string }; name?: unknown };
  const path = typeof model === 'object' ? basename(model.path ?? '') : model;
  const scan = slug(path ?? 'unknown-model');
  return {
    slug: slug(typeof name === 'string' ? name : `${scan}-components`),
    scan,
    prompt_tokens: tokens,
    prompt: tokens.join(''),
    schema_version: 1,
    info: {
      description: `Edges between components${byPosition === null ? ', summed over positions and drawn at the answer position' : ''}.`,
      generator: { name: 'demur' },
    },
    generation_settings: eapIgConfig(shape),
    record,
  };
}

/** Names there are of letters, digits, `_`, `.` and `-`. */
function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^-+|-+$/g, '') || 'circuit';
}

function nodesAt(circuit: ScoredCircuit, { position, length }: { position: number; length: number }): string {
  const kept = keptNodes(circuit);
  const nodes = nodeNames(circuit).map((name, row) => {
    const { layer, index, featureType } = placeOf(name, circuit.shape);
    const isComponent = /^\d/.test(layer) && featureType !== 'logit';
    return JSON.stringify({
      node_id: `${layer}_${index}_${position}`,
      feature: isComponent ? cantor(Number(layer), index) : null,
      layer,
      ctx_idx: position,
      feature_type: featureType,
      jsNodeId: `${layer}_${index}-${position}`,
      clerp: name,
      is_target_logit: featureType === 'logit',
      reverse_ctx_idx: length - 1 - position,
      influence: scoreOf(circuit.nodeScores?.[row]),
      ...(circuit.inCircuit === null ? {} : { in_graph: kept.has(name) }),
    });
  });
  return nodes.join(',\n');
}

function scoreOf(score: number | undefined): number | null {
  return score === undefined || Number.isNaN(score) ? null : score;
}

/** Ids of rows and columns, without the position. */
function idsOf({ senders, receivers, shape }: ScoredCircuit) {
  const id = (name: string) => {
    const { layer, index } = placeOf(name, shape);
    return `${layer}_${index}`;
  };
  return { rows: senders.map(id), columns: receivers.map((name) => id(nodeOf(name))) };
}

function linkText(
  circuit: ScoredCircuit,
  { rows, columns }: ReturnType<typeof idsOf>,
  { cell, weight, position }: { cell: number; weight: number; position: number },
): string {
  const [row, column] = [Math.floor(cell / columns.length), cell % columns.length];
  const kept = circuit.inCircuit === null ? '' : `,"in_graph":${isKept(circuit, cell)}`;
  return `{"source":"${rows[row]}_${position}","target":"${columns[column]}_${position}","weight":${weight},"port":"${portOf(circuit.receivers[column]!)}"${kept}}`;
}
