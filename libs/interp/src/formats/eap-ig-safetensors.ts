/**
 * The tensors of EAP-IG's .pt files (`Graph.to_pt`) as safetensors: same names and shapes, what was text is metadata.
 * A .pt itself is a pickle, a program that runs when it is read: it is refused. The layout is in docs/guides/formats.md.
 */
import type { NamedArray } from '../named-array.ts';
import { decodeSafetensors, safetensorsMetadata, safetensorsParts, type NamedFlags } from '../safetensors.ts';
import { eapIgConfig, shapeOfConfig } from './eap-ig-json.ts';
import { CircuitFormatError } from './errors.ts';
import { requireScore } from './fill-circuit.ts';
import { edgeName, emptyCircuit, keptNodes, type ScoredCircuit } from './scored-circuit.ts';

/** The file in pieces. */
export function writeEapIgSafetensors(circuit: ScoredCircuit): Uint8Array[] {
  const { senders, receivers, nodeScores, byPosition } = circuit;
  const edges = [senders.length, receivers.length];
  const kept = keptNodes(circuit);
  const arrays: Record<string, NamedArray | NamedFlags> = {
    edges_scores: { shape: edges, values: circuit.scores },
    edges_in_graph: { shape: edges, values: keptFlags(circuit) },
    nodes_in_graph: { shape: [senders.length], values: Uint8Array.from(senders, (name) => Number(kept.has(name))) },
  };
  if (nodeScores !== null) arrays['nodes_scores'] = { shape: [senders.length], values: nodeScores };
  for (const [position, values] of (byPosition ?? []).entries())
    arrays[`edges_scores_at.${position}`] = { shape: edges, values };
  return safetensorsParts(arrays, {
    cfg: JSON.stringify(eapIgConfig(circuit.shape)),
    dst_nodes: JSON.stringify(receivers),
    record: JSON.stringify(circuit.record),
    src_nodes: JSON.stringify(senders),
  });
}

function keptFlags({ mask, inCircuit }: ScoredCircuit): Uint8Array {
  const flags = new Uint8Array(mask.length);
  if (inCircuit !== null)
    for (const cell of flags.keys()) flags[cell] = mask[cell] !== 0 && inCircuit[cell] !== 0 ? 1 : 0;
  return flags;
}

/** Reads what `writeEapIgSafetensors` wrote, or a .pt converted as the guide says. Cells that are no edges are passed over. @throws CircuitFormatError, InvalidSafetensorsError */
export function readEapIgSafetensors(bytes: Uint8Array): ScoredCircuit {
  const metadata = safetensorsMetadata(bytes);
  const circuit = emptyCircuit(shapeOfConfig(textOf(metadata, 'cfg')), recordOf(metadata));
  requireNames('src_nodes', textOf(metadata, 'src_nodes'), circuit.senders);
  requireNames('dst_nodes', textOf(metadata, 'dst_nodes'), circuit.receivers);
  const arrays = decodeSafetensors(bytes, (name) => /^(edges|nodes)_(scores|in_graph)|^neurons_/.test(name));
  if (Object.keys(arrays).some((name) => name.startsWith('neurons_')))
    throw new CircuitFormatError('neurons_scores', 'the circuit is of neurons; circuits here are of whole nodes');
  const matrix = (name: string) => requireMatrix(circuit, name, arrays[name]);
  circuit.scores = matrix('edges_scores');
  const kept = matrix('edges_in_graph');
  circuit.inCircuit = kept.includes(1) ? kept : null;
  circuit.nodeScores = nodeScoresOf(circuit, arrays['nodes_scores']);
  const positions = Object.keys(arrays).filter((name) => name.startsWith('edges_scores_at.')).length;
  if (positions > 0)
    circuit.byPosition = Array.from({ length: positions }, (_, position) => matrix(`edges_scores_at.${position}`));
  return circuit;
}

function textOf(metadata: Record<string, string>, name: string): unknown {
  try {
    return JSON.parse(metadata[name] ?? '');
  } catch {
    throw new CircuitFormatError(
      `__metadata__.${name}`,
      `the file's metadata has no "${name}" as JSON; docs/guides/formats.md tells how a .pt becomes safetensors`,
    );
  }
}

function recordOf(metadata: Record<string, string>): Record<string, unknown> {
  const record = metadata['record'] === undefined ? {} : textOf(metadata, 'record');
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw new CircuitFormatError('__metadata__.record', 'the record is no JSON object');
  return record as Record<string, unknown>;
}

function requireNames(field: string, names: unknown, expected: string[]): void {
  const found = Array.isArray(names) ? names : [];
  const at = expected.findIndex((name, index) => name !== found[index]);
  if (at === -1 && found.length === expected.length) return;
  const place = at === -1 ? expected.length : at;
  throw new CircuitFormatError(
    `__metadata__.${field}`,
    `${field} has ${JSON.stringify(found[place])} at ${place} where a model of the shape in cfg has ${JSON.stringify(expected[place])}`,
  );
}

/** The values of a matrix over the graph, 0 where no edge is. */
function requireMatrix(circuit: ScoredCircuit, name: string, array: NamedArray | undefined): Float32Array {
  const { senders, receivers, mask } = circuit;
  const shape = `[${senders.length}, ${receivers.length}]`;
  if (array === undefined || `[${array.shape.join(', ')}]` !== shape)
    throw new CircuitFormatError(
      name,
      `${name} is ${array === undefined ? 'missing' : `[${array.shape.join(', ')}]`}; cfg asks for ${shape}`,
    );
  const { values } = array;
  for (let cell = 0; cell < values.length; cell++) {
    if (mask[cell] === 0) values[cell] = 0;
    else if (!Number.isFinite(values[cell])) requireScore(values[cell], `${name}.${edgeName(circuit, cell)}`);
  }
  return values;
}

function nodeScoresOf({ senders }: ScoredCircuit, array: NamedArray | undefined): Float32Array | null {
  if (array === undefined) return null;
  if (array.values.length === senders.length) return array.values;
  throw new CircuitFormatError(
    'nodes_scores',
    `nodes_scores has ${array.values.length} values for ${senders.length} senders`,
  );
}
