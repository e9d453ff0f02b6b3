/**
 * A circuit between its formats: the one form that every reader makes and every writer takes. Dense matrices over the
 * graph's names, and what is known of how they came about. No tensors, no files, no database.
 */
import { buildGraph, type KvHeads } from '../graph/graph.ts';
import { strengthOrder } from '../graph/score-order.ts';
import { CircuitFormatError } from './errors.ts';

/** What the graph follows from. */
export interface CircuitShape {
  nLayers: number;
  nHeads: number;
  kvHeads: KvHeads;
  /** Key/value heads; null where an expanded graph does not tell. */
  nKvHeads: number | null;
  /** Whether attention and MLP of a block read the same input, so that the MLP does not read the heads of its block. */
  parallel: boolean;
  dModel: number | null;
}

/** Matrices are [sender, receiver], row-major. */
export interface ScoredCircuit {
  shape: CircuitShape;
  senders: string[];
  receivers: string[];
  /** Not 0 where the cell is an edge. */
  mask: Float32Array | Uint32Array;
  scores: Float32Array;
  /** Not 0 where the edge belongs to the chosen circuit; null where none was chosen. */
  inCircuit: Float32Array | null;
  /** A score a sender, NaN where it has none; null where no node has one. */
  nodeScores: Float32Array | null;
  /** Scores a token position, each a matrix as `scores`, which is their sum; null where they were not kept apart. */
  byPosition: Float32Array[] | null;
  /** Bootstrap interval, where asked for. */
  interval?: { low: Float32Array; high: Float32Array } | null;
  /** Edges, strongest first, where already known. */
  byStrength?: Uint32Array;
  /** Model, method, metric, data, sign, gradient point, tokens: as far as known. */
  record: Record<string, unknown>;
}

/** Cells of the matrix: 400 MB of scores. A 70B model has 80 million. */
export const MAX_CELLS = 100_000_000;

/** The circuit of a shape with no edge scored yet. @throws CircuitFormatError for a shape that would not fit in memory */
export function emptyCircuit(shape: CircuitShape, record: Record<string, unknown> = {}): ScoredCircuit {
  const { nLayers, nHeads } = shape;
  const nKvHeads = shape.kvHeads === 'native' ? (shape.nKvHeads ?? nHeads) : nHeads;
  const cells = (1 + nLayers * (nHeads + 1)) * (1 + nLayers * (nHeads + 2 * nKvHeads + 1));
  if (cells > MAX_CELLS)
    throw new CircuitFormatError(
      'graph.cfg',
      `${nLayers} layers of ${nHeads} heads are ${cells} cells, more than ${MAX_CELLS}; is the shape right?`,
    );
  const { senders, receivers, mask } = buildGraph({ nLayers, nHeads, nKvHeads }, shape.kvHeads);
  if (shape.parallel) cutParallel(shape, receivers, mask);
  const none = { inCircuit: null, nodeScores: null, byPosition: null };
  return { shape, senders, receivers, mask, scores: new Float32Array(mask.length), ...none, record };
}

/** Takes away the edges from a block's heads to its MLP. */
function cutParallel({ nLayers, nHeads }: CircuitShape, receivers: string[], mask: Float32Array): void {
  for (let layer = 0; layer < nLayers; layer++) {
    const column = receivers.indexOf(`m${layer}`);
    const row = 1 + layer * (nHeads + 1);
    for (let head = 0; head < nHeads; head++) mask[(row + head) * receivers.length + column] = 0;
  }
}

/** `m0->a1.h2<q>`. */
export function edgeName({ senders, receivers }: Pick<ScoredCircuit, 'senders' | 'receivers'>, cell: number): string {
  return `${senders[Math.floor(cell / receivers.length)]}->${receivers[cell % receivers.length]}`;
}

/** The node that a receiver is an input of: `a1.h2` of `a1.h2<q>`. */
export function nodeOf(receiver: string): string {
  return receiver.split('<', 1)[0]!;
}

/** `q`, `k` or `v`; `in` where a node has one input alone. */
export function portOf(receiver: string): string {
  return /<([qkv])>$/.exec(receiver)?.[1] ?? 'in';
}

/** Every node once: senders in their order, then receivers that send nothing. */
export function nodeNames({ senders, receivers }: Pick<ScoredCircuit, 'senders' | 'receivers'>): string[] {
  return [...new Set([...senders, ...receivers.map(nodeOf)])];
}

/** The nodes that an edge of the chosen circuit touches, and `logits`, which is always there. */
export function keptNodes(circuit: Pick<ScoredCircuit, 'inCircuit' | 'mask' | 'senders' | 'receivers'>): Set<string> {
  const kept = new Set(['logits']);
  const { inCircuit, mask, senders, receivers } = circuit;
  if (inCircuit === null) return kept;
  for (let cell = 0; cell < mask.length; cell++) {
    if (mask[cell] === 0 || inCircuit[cell] === 0) continue;
    kept.add(senders[Math.floor(cell / receivers.length)]!).add(nodeOf(receivers[cell % receivers.length]!));
  }
  return kept;
}

/** Cells that are edges, strongest first; equal strengths by cell. */
export function strongestFirst(circuit: ScoredCircuit): Uint32Array {
  return (circuit.byStrength ??= strengthOrder(circuit.scores, edgeCells(circuit)));
}

/** Cells that are edges, in the order of the matrix. */
export function edgeCells({ mask }: Pick<ScoredCircuit, 'mask'>): Uint32Array {
  const cells = new Uint32Array(mask.length);
  let count = 0;
  for (let cell = 0; cell < mask.length; cell++) if (mask[cell] !== 0) cells[count++] = cell;
  return cells.slice(0, count);
}

const nodePattern = /^(?:input|logits|m(\d{1,4})|a(\d{1,4})\.(h|kv)(\d{1,4})(?:<[qkv]>)?)$/;

/** The shape that these names speak of. @throws CircuitFormatError */
export function shapeOfNames(names: Iterable<string>): CircuitShape {
  const [layers, heads, shared] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const name of names) {
    const parts = nodePattern.exec(name);
    if (parts === null)
      throw new CircuitFormatError(name, `"${name}" is no node; nodes are input, a0.h1, a0.kv1, m0 and logits`);
    const [, mlp, attention, kind, head] = parts;
    if (mlp ?? attention) layers.add(Number(mlp ?? attention));
    if (head !== undefined) (kind === 'h' ? heads : shared).add(Number(head));
  }
  const count = (numbers: Set<number>) => Math.max(-1, ...numbers) + 1;
  const isNative = shared.size > 0;
  return {
    nLayers: count(layers),
    nHeads: count(heads),
    kvHeads: isNative ? 'native' : 'expanded',
    nKvHeads: isNative ? count(shared) : null,
    parallel: false,
    dModel: null,
  };
}

/** What a record may hold of a model's sizes: a run's under `model`, an imported file's as `config`, older ones in EAP-IG's words. */
interface RecordedSizes {
  dModel?: number;
  d_model?: number;
  nKvHeads?: number | null;
  parallel?: boolean;
  parallel_attn_mlp?: boolean;
}

/** The shape that the names speak of, with what the record adds to it. @throws CircuitFormatError */
export function recordedShape(names: Iterable<string>, record: Record<string, unknown>): CircuitShape {
  const shape = shapeOfNames(names);
  const model = record['model'] as { shape?: RecordedSizes } | string | undefined;
  const ofRun = typeof model === 'object' ? model.shape : undefined;
  const sizes = ofRun ?? (record['config'] as RecordedSizes | undefined) ?? {};
  return {
    ...shape,
    nKvHeads: shape.nKvHeads ?? sizes.nKvHeads ?? null,
    parallel: sizes.parallel ?? sizes.parallel_attn_mlp ?? false,
    dModel: sizes.dModel ?? sizes.d_model ?? null,
  };
}
