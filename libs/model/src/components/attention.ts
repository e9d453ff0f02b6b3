/**
 * Grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) over row groups, forward and vector-Jacobian product;
 * with Gemma-2's soft cap, sliding windows (Mistral, arXiv 2310.06825) and Qwen3's norms of queries and keys where asked.
 *
 * Letters of shapes: KV key/value heads, G query heads a key/value head (query head h reads key/value head ⌊h / G⌋), S own
 * positions, D dHead, C cells. In here cells are in the order of their contexts, C = (context, repeat): then the cells of
 * a context lie side by side, and products with what they share are few and large.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { norm, normVjp } from './norm.ts';
import type { NormTape, NormTrace, NormWeights } from './norm.ts';
import { rotate, rotationsFrom } from './rotary.ts';
import type { KeyValues, RowGroup } from './row-groups.ts';
import { softcap, softcapVjp } from './softcap.ts';

export interface AttentionShape {
  nHeads: number;
  nKvHeads: number;
  dHead: number;
}

/** How a layer attends; see config.ts. */
export interface AttentionRule extends AttentionShape {
  scale: number;
  softcap: number | null;
  window: number | null;
  /** Norms over dHead of queries and keys, before the rotation. */
  qNorm?: NormWeights;
  kNorm?: NormWeights;
}

/** W_Q [dModel, nHeads · dHead], W_K and W_V [dModel, nKvHeads · dHead], W_O [nHeads · dHead, dModel]; biases if any. */
export interface AttentionWeights extends AttentionRule {
  W_Q: Tensor2D;
  W_K: Tensor2D;
  W_V: Tensor2D;
  W_O: Tensor2D;
  b_Q?: Tensor1D;
  b_K?: Tensor1D;
  b_V?: Tensor1D;
  b_O?: Tensor1D;
}

/**
 * Projections of one group's rows: [rows, heads · dHead] each, before norm and rotation. Queries may be those of the last
 * positions alone.
 */
export interface Projections {
  q: Tensor2D;
  k: Tensor2D;
  v: Tensor2D;
}

/** What the vector-Jacobian product needs of an attention. */
export interface AttentionTape {
  /** Rotated queries [KV, C, G·S, D]. */
  queries: Tensor4D;
  /** Rotated, scaled keys and the values of the group's own rows, [KV, C, S, D]. */
  own: KeyValues;
  /** The attention pattern, [KV, C, G·S, all keys: fixed parts in order, then own]. */
  pattern: Tensor4D;
  /** Scores of the pattern's shape, after cap and mask; kept where there is a cap. */
  scores?: Tensor4D;
  /** Of the queries' and the keys' norms, where there are such: [S, C as in the rows, heads, D]. */
  qNorm?: NormTape<Tensor4D>;
  kNorm?: NormTape<Tensor4D>;
}

/** What attention made of one group. */
export interface AttentionTrace extends AttentionTape {
  /** [rows, nHeads · dHead], attention-weighted values, what W_O reads. */
  z: Tensor2D;
}

/** Gradients within one group's attention. */
export interface AttentionGradients {
  /**
   * At the projections, before norm and rotation: [S, C, KV, G, D], rows as in the pass. Those of k and v are what each
   * query head sends to its key/value head, or with G = 1 their sum.
   */
  q: Tensor;
  k: Tensor;
  v: Tensor;
  /** At the scores after cap and mask, and at the pattern, [KV, C, G·S, all keys]. */
  scores: Tensor4D;
  pattern: Tensor4D;
}

/** [rows, heads · D] position-major → [positions, cells, heads, D]. */
function unfold(x: Tensor2D, group: RowGroup, dHead: number): Tensor4D {
  return x.reshape([group.positions, group.cells, x.shape[1] / dHead, dHead]);
}

/** x [S, C as in the rows, KV · G, D] → [KV, C by context, G · S, D]. */
function byHead(x: Tensor4D, group: RowGroup, nKvHeads: number): Tensor4D {
  const [positions, cells, heads, dHead] = x.shape;
  const [contexts, perKvHead] = [group.contexts ?? cells, heads / nKvHeads];
  const split = [positions, cells / contexts, contexts, nKvHeads, perKvHead, dHead];
  return x
    .reshape(split)
    .transpose([3, 2, 1, 4, 0, 5])
    .reshape([nKvHeads, cells, perKvHead * positions, dHead]);
}

/** [KV, C by context, G · S, D] → rows [rows, H · D], position-major: the inverse of `byHead`. */
function toRows(x: Tensor4D, group: RowGroup): Tensor2D {
  const [kv, cells, rows, dHead] = x.shape;
  const [contexts, perKvHead] = [group.contexts ?? cells, rows / group.positions];
  return x
    .reshape([kv, contexts, cells / contexts, perKvHead, group.positions, dHead])
    .transpose([4, 2, 1, 0, 3, 5])
    .reshape([group.positions * cells, kv * perKvHead * dHead]);
}

/** The last positions of a group that x [rows, width] has rows of; the group itself when it has all. */
export function lastPositions(group: RowGroup, x: Tensor2D): RowGroup {
  const count = x.shape[0] / group.cells;
  const { positions, rotations } = group;
  if (count === positions) return group;
  return {
    ...group,
    start: group.start + positions - count,
    positions: count,
    rotations: rotations && rotationsFrom(rotations, positions - count),
  };
}

/** Rows x [rows, heads · D] as heads, through the norm that there may be, turned to their columns: [S, C, heads, D]. */
function turned(
  x: Tensor2D,
  group: RowGroup,
  { dHead, weights }: { dHead: number; weights: NormWeights | undefined },
): { turned: Tensor4D; trace?: NormTrace<Tensor4D> } {
  const heads = unfold(x, group, dHead);
  if (weights === undefined) return { turned: rotate(heads, group.rotations) };
  const trace = norm(weights, heads);
  return { turned: rotate(trace.normalized, group.rotations), trace };
}

/**
 * x [KV, C, M, N] times a part's keys or values [KV, partCells, ...]: the cells that share a part's cell lie side by side,
 * so they are rows of one product.
 */
function timesPart(x: Tensor4D, part: Tensor4D, transposePart: boolean): Tensor4D {
  const [kv, cells, rows, inner] = x.shape;
  const partCells = part.shape[1];
  const folded = x.reshape<Tensor4D>([kv, partCells, (cells / partCells) * rows, inner]);
  const columns = transposePart ? part.shape[2] : part.shape[3];
  return tf.matMul(folded, part, false, transposePart).reshape([kv, cells, rows, columns]);
}

/** Columns side by side: `count` from `start` on. */
interface Columns {
  start: number;
  count: number;
}

/** [queries, keys]: 0 where a query sees a key, −∞ where that lies to its right or beyond its window; null if it sees all. */
function hiding(queries: Columns, keys: Columns, window: number | null): Tensor2D | null {
  const lastKey = keys.start + keys.count - 1;
  const lastQuery = queries.start + queries.count - 1;
  if (lastKey <= queries.start && (window === null || lastQuery - keys.start < window)) return null;
  const values = new Float32Array(queries.count * keys.count);
  for (let i = 0; i < queries.count; i++) {
    const query = queries.start + i;
    const row = values.subarray(i * keys.count, (i + 1) * keys.count);
    row.fill(-Infinity, Math.max(0, query + 1 - keys.start));
    if (window !== null) row.fill(-Infinity, 0, Math.max(0, query - window + 1 - keys.start));
  }
  return tf.tensor2d(values, [queries.count, keys.count]);
}

/** The columns of a group's parts: the fixed ones lie in order right before its own. */
function partColumns(group: RowGroup): Columns[] {
  const counts = [...group.fixed.map((part) => part.keys.shape[2]), group.positions];
  let start = group.start + group.positions - counts.reduce((a, b) => a + b);
  return counts.map((count) => ({ start: (start += count) - count, count }));
}

/** Scores of the queries on every part's keys, capped, then masked: [KV, C, G·S, all keys]. */
function attentionScores(queries: Tensor4D, own: KeyValues, group: RowGroup, rule: AttentionRule): Tensor4D {
  const [kv, cells, rows] = queries.shape;
  const perKvHead = rule.nHeads / rule.nKvHeads;
  const count = rows / perKvHead;
  const asking = { start: group.start + group.positions - count, count };
  const columns = partColumns(group);
  const scores = [...group.fixed, own].map((part, i) => {
    const capped = softcap(timesPart(queries, part.keys, true), rule.softcap);
    const keys = columns[i] as Columns;
    const mask = hiding(asking, keys, rule.window);
    if (mask === null) return capped;
    const byHead = capped.reshape<Tensor3D>([kv * cells * perKvHead, count, keys.count]);
    return byHead.add(mask).reshape<Tensor4D>([kv, cells, rows, keys.count]);
  });
  return joined(scores);
}

/** Parts side by side on the axis of keys. */
function joined(parts: Tensor4D[]): Tensor4D {
  return parts.length === 1 ? (parts[0] as Tensor4D) : tf.concat(parts, 3);
}

/** Cuts x [..., all keys] into its parts. */
function splitParts(x: Tensor4D, parts: readonly KeyValues[]): Tensor4D[] {
  if (parts.length === 1) return [x];
  return tf.split(
    x,
    parts.map((part) => part.keys.shape[2]),
    3,
  );
}

/** Functions that may look at, or replace, what attention makes on its way. */
export interface AttentionPoints {
  scores: (scores: Tensor4D) => Tensor4D;
  pattern: (pattern: Tensor4D) => Tensor4D;
}

const UNTOUCHED: AttentionPoints = { scores: (x) => x, pattern: (x) => x };

/** Attention of one group's rows, or of its last positions, over its fixed and its own keys. */
export function attend(
  projections: Projections,
  group: RowGroup,
  options: { rule: AttentionRule; points?: AttentionPoints },
): AttentionTrace {
  const { rule, points = UNTOUCHED } = options;
  const { nKvHeads, dHead, qNorm, kNorm } = rule;
  const asking = lastPositions(group, projections.q);
  const q = turned(projections.q, asking, { dHead, weights: qNorm });
  const k = turned(projections.k, group, { dHead, weights: kNorm });
  const queries = byHead(q.turned, asking, nKvHeads);
  // Scaled once, for all products with them.
  const own = {
    keys: byHead(k.turned.mul(rule.scale), group, nKvHeads),
    values: byHead(unfold(projections.v, group, dHead), group, nKvHeads),
  };
  const scores = points.scores(attentionScores(queries, own, group, rule));
  const pattern = points.pattern(tf.softmax(scores));
  const z = weighValues(pattern, own, asking);
  return { queries, own, pattern, z, qNorm: q.trace, kNorm: k.trace, ...(rule.softcap === null ? {} : { scores }) };
}

/** z [rows, nHeads · dHead] of queries that are turned already [KV, C, G·S, D], on the group's fixed and its own keys. */
export function attendTurned(queries: Tensor4D, own: KeyValues, group: RowGroup, rule: AttentionRule): Tensor2D {
  return weighValues(tf.softmax(attentionScores(queries, own, group, rule)), own, group);
}

/** z [rows, nHeads · dHead] of a pattern [KV, C, G·S, all keys] over the group's fixed and its own values. */
export function weighValues(pattern: Tensor4D, own: KeyValues, group: RowGroup): Tensor2D {
  return toRows(weightedValues(pattern, [...group.fixed, own]), group);
}

/** Pattern [KV, C, rows, all keys] → the values it weighs, [KV, C, rows, D]. */
function weightedValues(pattern: Tensor4D, parts: readonly KeyValues[]): Tensor4D {
  const weighted = splitParts(pattern, parts).map((p, i) => timesPart(p, (parts[i] as KeyValues).values, false));
  return weighted.reduce((a, b) => a.add(b));
}

/** Undoes the rotation and the norm of gradients [KV, C, G, S, D] and gives them as [S, C, KV, G, D]. */
function turnedBack(
  x: Tensor,
  group: RowGroup,
  { weights, tape }: { weights: NormWeights | undefined; tape: NormTape<Tensor4D> | undefined },
): Tensor {
  const [kv, cells, perKvHead, positions, dHead] = x.shape as [number, number, number, number, number];
  const byPosition = x.transpose([3, 1, 0, 2, 4]).reshape([positions, cells, kv * perKvHead, dHead]) as Tensor4D;
  const heads = rotate(byPosition, group.rotations, true);
  const shape = [positions, cells, kv, perKvHead, dHead];
  if (weights === undefined || tape === undefined) return heads.reshape(shape);
  // A key head's norm is that of all query heads that read it. Three axes, since WebGPU spreads vectors over four at most.
  const readers = (of: Tensor4D): Tensor => of.reshape([positions * cells * kv, of.shape[2] / kv, of.shape[3]]);
  return normVjp(weights, { unit: readers(tape.unit), scale: readers(tape.scale) }, readers(heads)).reshape(shape);
}

/**
 * dz [rows, H·D], of all positions or the last ones → gradients at the group's projections. Fixed keys and values are
 * constants.
 * @param options.perQueryHead whether gradients of keys and values are told apart by the query heads that read them.
 */
export function attendVjp(
  dz: Tensor2D,
  tape: AttentionTape,
  group: RowGroup,
  { rule, perQueryHead }: { rule: AttentionRule; perQueryHead: boolean },
): AttentionGradients {
  const { nHeads, nKvHeads, dHead, qNorm, kNorm } = rule;
  const { queries, own, pattern } = tape;
  const perKvHead = nHeads / nKvHeads;
  const asking = lastPositions(group, dz);
  const dOut = byHead(unfold(dz, asking, dHead), asking, nKvHeads);
  const parts = [...group.fixed, own];
  const dPattern = joined(parts.map((part) => timesPart(dOut, part.values, true)));
  const weighted: Tensor4D = dPattern.mul(pattern);
  const dScores: Tensor4D = weighted.sub(pattern.mul(weighted.sum(-1, true)));
  const uncapped = tape.scores ? softcapVjp(tape.scores, dScores, rule.softcap) : dScores;
  const dScoreParts = splitParts(uncapped, parts);
  const dQueries = dScoreParts
    .map((d, i) => timesPart(d, (parts[i] as KeyValues).keys, false))
    .reduce((a, b) => a.add(b));
  const apart = (x: Tensor4D, readers: number): Tensor => x.reshape([nKvHeads, group.cells, readers, -1, x.shape[3]]);
  // What a key or a value head hears, summed over the positions of each reader: of one query head, or of all of them.
  const heard = (from: Tensor4D, of: Tensor4D): Tensor => {
    const readers = perQueryHead ? perKvHead : 1;
    return tf.matMul(apart(from, readers), apart(of, readers), true, false);
  };
  const dKeys = heard(dScoreParts.at(-1) as Tensor4D, queries).mul(rule.scale);
  const dValues = heard(splitParts(pattern, parts).at(-1) as Tensor4D, dOut);
  return {
    q: turnedBack(apart(dQueries, perKvHead), asking, { weights: qNorm, tape: tape.qNorm }),
    k: turnedBack(dKeys, group, { weights: kNorm, tape: tape.kNorm }),
    v: dValues.transpose([3, 1, 0, 2, 4]),
    scores: dScores,
    pattern: dPattern,
  };
}
