/** What of a path runs together, and whether its tapes are kept from the forward pass: by rows and bytes. No tensors here. */
import { tapeBytes, type ModelConfig } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

/** Rows of the path's runs, at most: what products run at full speed with. */
const MAX_ROWS = 4096;

/** A path's points, as many at a time as have few enough rows. */
export function pathChunks(
  { config, activationBytes }: Pick<Transformer, 'config' | 'activationBytes'>,
  pairs: PairBlock,
  { path = [1], maxRows }: { path?: readonly number[]; maxRows?: number },
): number[][] {
  const most = maxRows ?? Math.min(MAX_ROWS, activationBytes / 4 / tapeBytes(config, 1, pairs.length));
  const count = Math.max(1, Math.floor(most / (pairs.pairs.length * suffixLength(pairs))));
  return Array.from({ length: Math.ceil(path.length / count) }, (_, i) => path.slice(i * count, (i + 1) * count));
}

/** Rows of a pass: prefix, the path, and the sides that are no point of it. */
export function rowsOfPass(pairs: PairBlock, path: readonly number[]): number {
  const sides = [0, 1].filter((share) => !path.includes(share)).length;
  return (sides + path.length) * pairs.pairs.length * suffixLength(pairs) + pairs.prefixes.length * pairs.prefixLength;
}

/** Whether the tapes of `layers` blocks fit the budget. A tape's rows are views of the whole pass. */
export function keepsTapes(
  config: ModelConfig,
  pairs: PairBlock,
  { path, layers, budgetBytes }: { path: readonly number[]; layers: number; budgetBytes: number },
): boolean {
  return layers * tapeBytes(config, rowsOfPass(pairs, path), pairs.length) <= budgetBytes;
}
