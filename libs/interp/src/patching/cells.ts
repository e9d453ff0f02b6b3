/**
 * Cells of a sweep: which runs to make, each a patch at one layer, head and set of positions, for all pairs that it can
 * change. No tensors here.
 */
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { positionsOfRole } from '../dataset/roles.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

/** Suffix positions that a cell patches. */
export interface PositionSet {
  /** Index on the result's position axis; 0 where there is no such axis. */
  slot: number;
  /** First patched suffix position: the run differs from the destination's from here on. */
  from: number;
  /** One past the last patched position. */
  to: number;
  /** Positions in between that stay the destination's: of a role whose tokens do not follow each other. */
  holes?: readonly number[];
  /** Pairs of the block. */
  pairs: number;
}

/** Where to patch, as specs say it; numbers are columns of the right-aligned arrays, names are roles of the pairs. */
export type Positions = 'each' | 'all' | 'last' | readonly (number | string)[];

/** Slots of the position axis: one a column, or one a listed column or role, or a single one. */
export function positionSlots(positions: Positions, columns: number): number {
  if (positions === 'each') return columns;
  return typeof positions === 'string' ? 1 : positions.length;
}

/** A listed column, counted from the left of the right-aligned array; negative counts from its end. */
function column(position: number, columns: number): number {
  return position < 0 ? columns + position : position;
}

/** The column that each slot stands for; null where a slot stands for several, or for a role. */
export function slotColumns(positions: Positions, columns: number): (number | null)[] {
  if (positions === 'each') return Array.from({ length: columns }, (_, c) => c);
  if (positions === 'all') return [null];
  return positions === 'last'
    ? [columns - 1]
    : positions.map((p) => (typeof p === 'string' ? null : column(p, columns)));
}

/** Equal for pairs whose roles stand at the same positions, of their own tokens: such pairs may share a block. */
export function rolePlaces(pair: ResolvedPair, positions: Positions): string {
  const roles = typeof positions === 'string' ? [] : positions.filter((p) => typeof p === 'string');
  return JSON.stringify(roles.map((role) => placesOf(role, pair)));
}

function placesOf(role: string, pair: ResolvedPair): readonly number[] {
  const places = positionsOfRole(pair, role);
  if (places === undefined) throw new RangeError(`a pair without the role ${role}`);
  return places;
}

/**
 * The position sets of a block's cells. Columns before a pair's first difference, where nothing would change, are left
 * out: there a patched run is the destination's own. Where roles are asked for, the block's pairs have them at the same places.
 */
export function positionSets(block: PairBlock, positions: Positions, columns: number): PositionSet[] {
  const suffix = suffixLength(block);
  if (positions === 'all') return [{ slot: 0, from: 0, to: suffix, pairs: block.pairs.length }];
  return slotColumns(positions, columns).flatMap((at, slot) => {
    const asked = positions[slot];
    const places =
      typeof positions !== 'string' && typeof asked === 'string'
        ? placesOf(asked, block.pairs[0]!.pair).map((place) => place - block.prefixLength)
        : [(at as number) - (columns - suffix)];
    return setOf(places, slot, block);
  });
}

/** The set of a slot, unless it lies in the prefix; `places` are suffix positions, ascending, negative in the prefix. */
function setOf(places: readonly number[], slot: number, block: PairBlock): PositionSet[] {
  const inSuffix = places.filter((place) => place >= 0);
  const [from, to] = [inSuffix[0], (inSuffix.at(-1) ?? 0) + 1];
  if (from === undefined) return [];
  const holes = Array.from({ length: to - from }, (_, i) => from + i).filter((place) => !inSuffix.includes(place));
  return [{ slot, from, to, pairs: block.pairs.length, ...(holes.length === 0 ? {} : { holes }) }];
}

/** A set's positions from its first to the last of the suffix, in stretches that are patched and such that are not. */
export function stretches({ from, to, holes = [] }: PositionSet, positions: number): Stretch[] {
  const found: Stretch[] = [];
  for (let at = from; at < positions; at++) {
    const isPatched = at < to && !holes.includes(at);
    const last = found.at(-1);
    if (last?.isPatched === isPatched) last.to = at + 1;
    else found.push({ from: at, to: at + 1, isPatched });
  }
  return found;
}

/** Suffix positions from `from` to one before `to`. */
export interface Stretch {
  from: number;
  to: number;
  isPatched: boolean;
}
