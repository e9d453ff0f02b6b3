/** Which edges' runs go together: passes within a budget of rows. No tensors here. */
import type { GraphShape } from '../graph/graph.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { senderPlace } from './edge-cells.ts';
import type { EdgeCell } from './edge-cells.ts';

/** Cuts cells into passes of at most `maxRows` rows: such as join at nearly the same layers. */
export function planPasses(cells: readonly EdgeCell[], block: PairBlock, maxRows: number): EdgeCell[][] {
  const atOnce = Math.max(1, Math.floor(maxRows / (suffixLength(block) * block.pairs.length)));
  const count = Math.ceil(cells.length / atOnce);
  const start = (pass: number): number => Math.floor((pass * cells.length) / count);
  return Array.from({ length: count }, (_, pass) => cells.slice(start(pass), start(pass + 1)));
}

/** Whether the metric, read after `end` blocks, can tell a cell's run from the clean one; its reading stands for `logits`. */
export function isSeen({ sender, receiver: { layer, port } }: EdgeCell, end: number, shape: GraphShape): boolean {
  return port === 'logits' ? (senderPlace(sender, shape)?.layer ?? 0) < end : layer < end;
}
