/** How many prompts are continued in one batch, by rows and by the bytes of their keys and values. No tensors here. */
import type { ModelConfig } from '@demur/model';

/** Bytes of keys and values that a batch may come to: with twice as much while a step extends them. */
const CACHE_BUDGET_BYTES = 256 * 2 ** 20;

/** Token rows of a prompt's pass: as many as products run at full speed with. */
const ROWS_AT_A_TIME = 4096;

export function rowsAtATime(
  { nLayers, nKvHeads, dHead, nCtx }: ModelConfig,
  columns: number,
  maxTokens: number,
): number {
  const cacheBytes = 8 * nLayers * nKvHeads * dHead * Math.min(columns + maxTokens, nCtx);
  return Math.max(1, Math.floor(Math.min(ROWS_AT_A_TIME / columns, CACHE_BUDGET_BYTES / cacheBytes)));
}
