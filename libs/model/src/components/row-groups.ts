/**
 * How the token rows of a batched pass lie in memory, and which keys and values they may attend to beyond their own.
 *
 * A pass works on one matrix [rows, dModel], so that every product with a weight is one large product. Its rows are
 * the concatenation of groups. A group is `cells` sequences that start at the same column, each with `positions` rows,
 * stored position-major: row = position · cells + cell. Attention alone needs to know this.
 */
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import type { Rotations } from './rotary.ts';

/** Keys (rotated, scaled by the config's attention.scale) and values, both [nKvHeads, cells, positions, dHead]. */
export type KeyValues = {
  keys: Tensor4D;
  values: Tensor4D;
};

/** `cells` sequences of `positions` rows from column `start` on. */
export interface RowGroup {
  cells: number;
  /** Distinct contexts that the cells read: cell c continues context c mod `contexts`; `cells` unless said. */
  contexts?: number;
  positions: number;
  /** First column; a key is visible to the queries at its own column and to the right of it. */
  start: number;
  /** Rotations of the group's columns; null where positions are learned. */
  rotations: Rotations | null;
  /**
   * Keys and values of the columns right before, in their order, computed elsewhere and held fixed: a shared prefix, or what
   * a patched run keeps of the unpatched one. Each has one cell, which all contexts share, or one a context.
   */
  fixed: KeyValues[];
  /**
   * Earlier groups of the same pass, by index, whose own keys and values are visible as well: a prefix that is computed in
   * the same products as what follows it.
   */
  reads?: readonly number[];
}

/** Rows of a group. */
export function groupRows(group: RowGroup): number {
  return group.cells * group.positions;
}

/** Rows of all groups. */
export function totalRows(groups: readonly RowGroup[]): number {
  return groups.reduce((sum, group) => sum + groupRows(group), 0);
}

/** The rows of one group out of the matrix of all: a view where the backend can, since they are contiguous. */
export function sliceGroup(x: Tensor2D, groups: readonly RowGroup[], index: number): Tensor2D {
  const group = groups[index];
  if (group === undefined) throw new RangeError(`group ${index} of ${groups.length}`);
  if (groups.length === 1) return x;
  return x.slice([totalRows(groups.slice(0, index)), 0], [groupRows(group), x.shape[1]]);
}

/** Rows of the last position: [cells, width], contiguous since rows are position-major. */
export function lastRows(x: Tensor2D, group: RowGroup): Tensor2D {
  return x.slice([(group.positions - 1) * group.cells, 0], [group.cells, x.shape[1]]);
}

/** Rows of a group's last positions [some, width] → rows of all its positions, zero before: the inverse of `lastRows`. */
export function onlyLast(x: Tensor2D, group: RowGroup): Tensor2D {
  const before = groupRows(group) - x.shape[0];
  if (before === 0) return x;
  return x.pad([
    [before, 0],
    [0, 0],
  ]);
}
