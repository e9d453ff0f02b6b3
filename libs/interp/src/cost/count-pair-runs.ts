/** What `runPairs` runs: both sides of a block of pairs, and the path between them, with the prefix that they share. */
import { rowsOfPass } from '../attribution/path-chunks.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import type { Rows, WorkCount } from './work-count.ts';

/** Rows of the shared prefix, none where there is none. */
export function prefixRows({ prefixes, prefixLength }: PairBlock): Rows {
  return { rows: prefixes.length * prefixLength, keys: prefixLength };
}

/** Both sides and the points of `path` through `layers` blocks; a point at an end is that side. */
export function countPairRuns(
  count: WorkCount,
  block: PairBlock,
  { layers, path = [] }: { layers: number; path?: readonly number[] },
): void {
  const prefix = prefixRows(block);
  const suffixes = { rows: rowsOfPass(block, path) - prefix.rows, keys: block.length };
  const sides = [0, 1].filter((share) => !path.includes(share)).length;
  const groups = (prefix.rows > 0 ? 1 : 0) + sides + (path.length > 0 ? 1 : 0);
  count.blocks('trace', [prefix, suffixes], { layers, groups });
}
