/**
 * Between graphs whose query heads share key/value heads (native: `a0.kv1<k>`) and those that repeat them (expanded:
 * `a0.h2<k>`). A key/value head's gradient is the sum of its copies', so expanded scores sum to native ones exactly; how a
 * native score divides among the copies cannot be known from it.
 */
import type { KvHeads } from '../graph/graph.ts';
import { CircuitConversionError } from './errors.ts';
import { edgeCells, edgeName, emptyCircuit, type ScoredCircuit } from './scored-circuit.ts';

/** A converted circuit, and sentences on what changed its meaning. */
export interface Converted {
  circuit: ScoredCircuit;
  notes: string[];
}

/**
 * The circuit over the other graph.
 * To native: scores of the copies of an edge sum; the edge is in the circuit where any copy is (a note counts those of which not all were).
 * To expanded: possible where each query head has its own key/value head, or where the circuit has no scores: every copy is in where the edge is.
 * @param nKvHeads key/value heads of the model, which an expanded graph does not tell
 * @throws CircuitConversionError
 */
export function convertKvHeads(circuit: ScoredCircuit, to: KvHeads, nKvHeads?: number): Converted {
  if (circuit.shape.kvHeads === to) return { circuit, notes: [] };
  return to === 'native' ? toNative(circuit, nKvHeads) : { circuit: toExpanded(circuit), notes: [] };
}

function toNative(circuit: ScoredCircuit, asked: number | undefined): Converted {
  const { shape } = circuit;
  const nKvHeads = asked ?? shape.nKvHeads;
  if (nKvHeads === null)
    throw new CircuitConversionError(
      'an expanded graph does not tell the number of key/value heads; give it (--n-kv-heads)',
    );
  if (nKvHeads < 1 || shape.nHeads % nKvHeads !== 0)
    throw new CircuitConversionError(
      `${shape.nHeads} heads cannot share ${nKvHeads} key/value heads; the number must divide them`,
    );
  const native = emptyCircuit({ ...shape, kvHeads: 'native', nKvHeads }, circuit.record);
  const target = columnMap(circuit, native, shape.nHeads / nKvHeads);
  native.scores = gathered(circuit, native, { values: circuit.scores, target });
  native.byPosition = circuit.byPosition?.map((values) => gathered(circuit, native, { values, target })) ?? null;
  native.nodeScores = circuit.nodeScores;
  if (circuit.inCircuit === null) return { circuit: native, notes: [] };
  const copies = gathered(circuit, native, { values: circuit.mask, target });
  const kept = gathered(circuit, native, { values: circuit.inCircuit.map(Math.sign), target });
  native.inCircuit = kept.map(Math.sign);
  const partial = kept.reduce((sum, count, cell) => sum + (count > 0 && count < copies[cell]! ? 1 : 0), 0);
  const note = `${partial} key and value edges are in the circuit whole, of which only some copies were`;
  return { circuit: native, notes: partial === 0 ? [] : [note] };
}

/** The column of `native` for each column of `expanded`. */
function columnMap(expanded: ScoredCircuit, native: ScoredCircuit, group: number): Uint32Array {
  const columns = new Map(native.receivers.map((name, column) => [name, column]));
  return Uint32Array.from(expanded.receivers, (name) => columns.get(nativeName(name, group))!);
}

/** `a0.kv1<k>` of `a0.h2<k>` in groups of two; every other name is its own. */
function nativeName(receiver: string, group: number): string {
  return receiver.replace(/\.h(\d+)<([kv])>$/, (_, head, port) => `.kv${Math.floor(Number(head) / group)}<${port}>`);
}

/** Sums over the columns that have one target; in float64 until rounded once. */
function gathered(
  from: ScoredCircuit,
  to: ScoredCircuit,
  { values, target }: { values: ArrayLike<number>; target: Uint32Array },
): Float32Array {
  const sums = new Float64Array(to.scores.length);
  const [width, toWidth] = [from.receivers.length, to.receivers.length];
  for (const cell of edgeCells(from)) {
    const row = Math.floor(cell / width);
    sums[row * toWidth + target[cell % width]!]! += values[cell]!;
  }
  return Float32Array.from(sums);
}

function toExpanded(circuit: ScoredCircuit): ScoredCircuit {
  const { shape } = circuit;
  const nKvHeads = shape.nKvHeads ?? shape.nHeads;
  const expanded = emptyCircuit({ ...shape, kvHeads: 'expanded', nKvHeads }, circuit.record);
  const target = columnMap(expanded, circuit, shape.nHeads / nKvHeads);
  if (nKvHeads < shape.nHeads) refuseShared(circuit);
  expanded.scores = spread(circuit, expanded, { values: circuit.scores, target });
  expanded.byPosition = circuit.byPosition?.map((values) => spread(circuit, expanded, { values, target })) ?? null;
  expanded.nodeScores = circuit.nodeScores;
  if (circuit.inCircuit !== null) expanded.inCircuit = spread(circuit, expanded, { values: circuit.inCircuit, target });
  return expanded;
}

/** Names key and value edges with a score: it is of all copies together. */
function refuseShared(circuit: ScoredCircuit): void {
  const width = circuit.receivers.length;
  const shared = circuit.receivers.map((name) => name.includes('.kv'));
  const scored = edgeCells(circuit).filter((cell) => shared[cell % width] === true && circuit.scores[cell] !== 0);
  if (scored.length === 0) return;
  const names = Array.from(scored.subarray(0, 3), (cell) => edgeName(circuit, cell)).join(', ');
  throw new CircuitConversionError(
    `${scored.length} key and value edges have one score for all query heads that share them (${names}…), and how it ` +
      'divides among these cannot be known; run the attribution with "kvHeads": "expanded" instead',
  );
}

/** Each copy gets the value of its edge. */
function spread(
  from: ScoredCircuit,
  to: ScoredCircuit,
  { values, target }: { values: Float32Array; target: Uint32Array },
): Float32Array {
  const copies = new Float32Array(to.scores.length);
  const [width, fromWidth] = [to.receivers.length, from.receivers.length];
  for (const cell of edgeCells(to))
    copies[cell] = values[Math.floor(cell / width) * fromWidth + target[cell % width]!]!;
  return copies;
}
