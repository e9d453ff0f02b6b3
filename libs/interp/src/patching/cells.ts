/**
 * Cells of a sweep: which runs to make, each a patch at one layer, head and set of positions, for all pairs that it can
 * change. No tensors here.
 */
import { pairsDifferingBy, suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

/** Suffix positions that a cell patches. */
export interface PositionSet {
  /** Index on the result's position axis; 0 where there is no such axis. */
  slot: number;
  /** First patched suffix position: the run differs from the destination's from here on. */
  from: number;
  /** One past the last patched position. */
  to: number;
  /** Pairs that a patch here can change: the first ones of the block. */
  pairs: number;
}

/** Where to patch, as specs say it; numbers are columns of the right-aligned arrays. */
export type Positions = 'each' | 'all' | 'last' | readonly number[];

/** Slots of the position axis: one a column, or one a listed column, or a single one. */
export function positionSlots(positions: Positions, columns: number): number {
  if (positions === 'each') return columns;
  return typeof positions === 'string' ? 1 : positions.length;
}

/** A listed column, counted from the left of the right-aligned array; negative counts from its end. */
function column(position: number, columns: number): number {
  return position < 0 ? columns + position : position;
}

/** The column that each slot stands for; null where a slot stands for several. */
export function slotColumns(positions: Positions, columns: number): (number | null)[] {
  if (positions === 'each') return Array.from({ length: columns }, (_, c) => c);
  if (positions === 'all') return [null];
  return positions === 'last' ? [columns - 1] : positions.map((p) => column(p, columns));
}

/**
 * The position sets of a block's cells. Columns before a pair's first difference, where nothing would change, are left
 * out: there a patched run is the destination's own.
 */
export function positionSets(block: PairBlock, positions: Positions, columns: number): PositionSet[] {
  const suffix = suffixLength(block);
  if (positions === 'all') return [{ slot: 0, from: 0, to: suffix, pairs: block.pairs.length }];
  return slotColumns(positions, columns).flatMap((at, slot) => {
    const from = (at as number) - (columns - suffix);
    const pairs = from < 0 ? 0 : pairsDifferingBy(block, from);
    return pairs === 0 ? [] : [{ slot, from, to: from + 1, pairs }];
  });
}
