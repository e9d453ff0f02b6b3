/**
 * Grouped-query attention (Ainslie et al. 2023, arXiv 2305.13245) over row groups, forward and vector-Jacobian product.
 *
 * Letters of shapes: KV key/value heads, G query heads a key/value head (query head h reads key/value head ⌊h / G⌋), S own
 * positions, D dHead, C cells. In here cells are in the order of their contexts, C = (context, repeat): then the cells of
 * a context lie side by side, and products with what they share are few and large.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { rotate } from './rotary.ts';
import type { KeyValues, RowGroup } from './row-groups.ts';

export interface AttentionShape {
  nHeads: number;
  nKvHeads: number;
  dHead: number;
}

/** Projections of one group's rows: [rows, heads · dHead] each, before the rotation. */
export interface Projections {
  q: Tensor2D;
  k: Tensor2D;
  v: Tensor2D;
}

/** What attention made of one group. */
export interface AttentionTrace {
  /** Rotated queries [KV, C, G·S, D]. */
  queries: Tensor4D;
  /** Rotated, scaled keys and the values of the group's own rows, [KV, C, S, D]. */
  own: KeyValues;
  /** Scores after the causal mask, and the attention pattern: [KV, C, G·S, all keys: fixed parts in order, then own]. */
  scores: Tensor4D;
  pattern: Tensor4D;
  /** [rows, nHeads · dHead], attention-weighted values, what W_O reads. */
  z: Tensor2D;
}

/** Gradients at one group's projections, before the rotation, per query head: [KV, G, S, C, D]. */
export interface AttentionGradients {
  q: Tensor;
  k: Tensor;
  v: Tensor;
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

/** Rotated queries [KV, C, G·S, D] of the rows q [rows, H·D]. */
function queriesOf(q: Tensor2D, group: RowGroup, { nKvHeads, dHead }: AttentionShape): Tensor4D {
  return byHead(rotate(unfold(q, group, dHead), group.rotations), group, nKvHeads);
}

/** Rotated keys, scaled by 1/√dHead once for all products with them, and values: [KV, C, S, D]. */
function keyValuesOf(
  { k, v }: Omit<Projections, 'q'>,
  group: RowGroup,
  { dHead, nKvHeads }: AttentionShape,
): KeyValues {
  const keys: Tensor4D = rotate(unfold(k, group, dHead), group.rotations).mul(dHead ** -0.5);
  return { keys: byHead(keys, group, nKvHeads), values: byHead(unfold(v, group, dHead), group, nKvHeads) };
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

const causalMasks = new Map<string, Float32Array>();

/** [G·S, S]: 0 where a query may read an own key, −∞ where the key lies to its right. */
function causalMask(perKvHead: number, positions: number): Tensor2D {
  const key = `${perKvHead}×${positions}`;
  let values = causalMasks.get(key);
  if (values === undefined) {
    values = Float32Array.from({ length: perKvHead * positions * positions }, (_, i) => {
      const query = Math.floor(i / positions) % positions;
      return i % positions > query ? -Infinity : 0;
    });
    causalMasks.set(key, values);
  }
  return tf.tensor2d(values, [perKvHead * positions, positions]);
}

/** Scores of the queries on every part's keys, the own ones causally masked: [KV, C, G·S, all keys]. */
function attentionScores(queries: Tensor4D, own: KeyValues, group: RowGroup): Tensor4D {
  const perKvHead = queries.shape[2] / group.positions;
  const scores = timesPart(queries, own.keys, true);
  const masked: Tensor4D = group.positions === 1 ? scores : scores.add(causalMask(perKvHead, group.positions));
  const fixed = group.fixed.map((part) => timesPart(queries, part.keys, true));
  return fixed.length === 0 ? masked : tf.concat([...fixed, masked], 3);
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

/** Attention of one group's rows over its fixed and its own keys. */
export function attend(
  projections: Projections,
  group: RowGroup,
  options: { shape: AttentionShape; points?: AttentionPoints },
): AttentionTrace {
  const points = options.points ?? UNTOUCHED;
  const queries = queriesOf(projections.q, group, options.shape);
  const own = keyValuesOf(projections, group, options.shape);
  const scores = points.scores(attentionScores(queries, own, group));
  const pattern = points.pattern(tf.softmax(scores));
  return { queries, own, scores, pattern, z: toRows(weightedValues(pattern, [...group.fixed, own]), group) };
}

/** Pattern [KV, C, rows, all keys] → the values it weighs, [KV, C, rows, D]. */
function weightedValues(pattern: Tensor4D, parts: readonly KeyValues[]): Tensor4D {
  const weighted = splitParts(pattern, parts).map((p, i) => timesPart(p, (parts[i] as KeyValues).values, false));
  return weighted.reduce((a, b) => a.add(b));
}

/** A group's last position alone: its rows are its cells. */
export function lastPosition(group: RowGroup): RowGroup {
  const { positions, rotations } = group;
  const [, rows, columns] = rotations.shape;
  return {
    ...group,
    start: group.start + positions - 1,
    positions: 1,
    rotations: rotations.slice([positions - 1, 0, 0], [1, rows, columns]),
  };
}

/**
 * Attention of the last position's queries q [cells, H·D] over all keys of the group: z [cells, H·D]. What a block needs
 * when only its last position is read.
 */
export function attendLast(projections: Projections, group: RowGroup, shape: AttentionShape): Tensor2D {
  const last = lastPosition(group);
  const queries = queriesOf(projections.q, last, shape);
  const own = keyValuesOf(projections, group, shape);
  const scores = attentionScores(queries, own, last);
  return toRows(weightedValues(tf.softmax(scores), [...group.fixed, own]), last);
}

/** Undoes the rotation of gradients [KV, C, G, S, D] and gives them as [KV, G, S, C, D]. */
function unrotate(x: Tensor, group: RowGroup): Tensor {
  const [kv, cells, perKvHead, positions, dHead] = x.shape as [number, number, number, number, number];
  const byPosition = x.transpose([3, 1, 0, 2, 4]).reshape([positions, cells, kv * perKvHead, dHead]) as Tensor4D;
  return rotate(byPosition, group.rotations, true)
    .reshape([positions, cells, kv, perKvHead, dHead])
    .transpose([2, 3, 0, 1, 4]);
}

/**
 * dz [rows, H·D] → gradients at the group's projections, one for each query head (those of k and v are what the head
 * sends to its key/value head: they sum over G). Fixed keys and values are constants.
 */
export function attendVjp(
  dz: Tensor2D,
  { queries, own, pattern }: Pick<AttentionTrace, 'queries' | 'own' | 'pattern'>,
  group: RowGroup,
  shape: AttentionShape,
): AttentionGradients {
  const { nHeads, nKvHeads, dHead } = shape;
  const { cells, positions } = group;
  const perKvHead = nHeads / nKvHeads;
  const dOut = byHead(unfold(dz, group, dHead), group, nKvHeads);
  const parts = [...group.fixed, own];
  const dPatterns = parts.map((part) => timesPart(dOut, part.values, true));
  const dPattern = dPatterns.length === 1 ? (dPatterns[0] as Tensor4D) : tf.concat(dPatterns, 3);
  const weighted: Tensor4D = dPattern.mul(pattern);
  const dScores: Tensor4D = weighted.sub(pattern.mul(weighted.sum(-1, true)));
  const dScoreParts = splitParts(dScores, parts);
  const dQueries = dScoreParts
    .map((d, i) => timesPart(d, (parts[i] as KeyValues).keys, false))
    .reduce((a, b) => a.add(b));
  const perHead = (x: Tensor4D, last: number): Tensor => x.reshape([nKvHeads, cells, perKvHead, positions, last]);
  const ownScores = perHead(dScoreParts.at(-1) as Tensor4D, positions);
  const ownPattern = perHead(splitParts(pattern, parts).at(-1) as Tensor4D, positions);
  const dKeys = tf.matMul(ownScores, perHead(queries, dHead), true, false).mul(dHead ** -0.5);
  const dValues = tf.matMul(ownPattern, perHead(dOut, dHead), true, false);
  return {
    q: unrotate(perHead(dQueries, dHead), group),
    k: unrotate(dKeys, group),
    v: dValues.transpose([0, 2, 3, 1, 4]),
  };
}
