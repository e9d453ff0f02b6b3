/** How much of a direction experiment runs in one pass, by rows and bytes. No tensors here. */
import { tapeBytes } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

/** Both prompts of a pair are rows; a layer's tape and its heads' results are what a pass has in memory. */
export function pairsAtATime(
  { config, tapeBudgetBytes }: Pick<Transformer, 'config' | 'tapeBudgetBytes'>,
  length: number,
): number {
  const bytes = 2 * (tapeBytes(config, length, length) + 4 * length * config.nHeads * config.dModel * 2);
  return Math.max(1, Math.floor(tapeBudgetBytes / bytes));
}

/** Rows of a pass up to which products get faster. */
const ROWS_AT_A_TIME = 4096;

/** How many directions run in one pass: a block's tape for their rows fits, and there are rows enough for fast products. */
export function candidatesAtATime(
  { config, tapeBudgetBytes }: Pick<Transformer, 'config' | 'tapeBudgetBytes'>,
  block: PairBlock,
): number {
  const rows = block.prefixes.length * block.prefixLength + block.pairs.length * suffixLength(block);
  const bytes = 2 * tapeBytes(config, rows, block.length);
  return Math.max(1, Math.floor(Math.min(ROWS_AT_A_TIME / rows, tapeBudgetBytes / bytes)));
}
