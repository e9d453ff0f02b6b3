/**
 * How attention lays out the rows of a pass, forward and backward: by head, with the parts of keys and values side by side.
 *
 * Letters of shapes: KV key/value heads, G query heads a key/value head (query head h reads key/value head ⌊h / G⌋), S own
 * positions, D dHead, C cells. In here cells are in the order of their contexts, C = (context, repeat): then the cells of
 * a context lie side by side, and products with what they share are few and large.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { rotationsFrom } from './rotary.ts';
import type { KeyValues, RowGroup } from './row-groups.ts';

/** x [rows, KV · G · D], or the same of another shape → [KV, C by context, G · S, D]. */
export function byHead(x: Tensor, group: RowGroup, { nKvHeads, dHead }: { nKvHeads: number; dHead: number }): Tensor4D {
  const { positions, cells, contexts = cells } = group;
  const perKvHead = x.size / (positions * cells * nKvHeads * dHead);
  return x
    .reshape([positions, cells / contexts, contexts, nKvHeads, perKvHead, dHead])
    .transpose([3, 2, 1, 4, 0, 5])
    .reshape([nKvHeads, cells, perKvHead * positions, dHead]);
}

/** [KV, C by context, G · S, D] → rows [rows, H · D], position-major: the inverse of `byHead`. */
export function toRows(x: Tensor4D, group: RowGroup): Tensor2D {
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

/**
 * x [KV, C, M, N] times a part's keys or values [KV, partCells, ...]: the cells that share a part's cell lie side by side,
 * so they are rows of one product.
 */
export function timesPart(x: Tensor4D, part: Tensor4D, transposePart: boolean): Tensor4D {
  const [kv, cells, rows, inner] = x.shape;
  const partCells = part.shape[1];
  if (partCells === cells) return tf.matMul(x, part, false, transposePart);
  const folded = x.reshape<Tensor4D>([kv, partCells, (cells / partCells) * rows, inner]);
  const columns = transposePart ? part.shape[2] : part.shape[3];
  return tf.matMul(folded, part, false, transposePart).reshape([kv, cells, rows, columns]);
}

/** Parts side by side on the axis of keys. */
export function besideEachOther(parts: Tensor4D[]): Tensor4D {
  return parts.length === 1 ? (parts[0] as Tensor4D) : tf.concat(parts, 3);
}

/** Cuts x [..., all keys] into its parts. */
export function splitParts(x: Tensor4D, parts: readonly KeyValues[]): Tensor4D[] {
  if (parts.length === 1) return [x];
  return tf.split(
    x,
    parts.map((part) => part.keys.shape[2]),
    3,
  );
}
