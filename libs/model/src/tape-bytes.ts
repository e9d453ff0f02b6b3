/** What a backward pass needs kept of the forward pass, in bytes: planned before anything runs. No tensors here. */
import type { ModelConfig } from './config.ts';

/** Bytes of one block's tape for `rows` rows that attend to `keys` keys each. */
export function tapeBytes(config: ModelConfig, rows: number, keys: number): number {
  const { dModel, dMlp, nHeads, nKvHeads, dHead, postNorms, attention: rule, mlp } = config;
  const norms = (postNorms ? 4 : 2) * dModel + (rule.qkNorm ? (nHeads + nKvHeads) * dHead : 0);
  const attention = nHeads * dHead + 2 * nKvHeads * dHead + (rule.softcap === null ? 1 : 2) * nHeads * keys;
  return 4 * rows * (norms + attention + (mlp.gated ? 2 : 1) * dMlp);
}

/** Tapes up to this many bytes are kept from the forward pass; beyond it each block runs again in the backward pass. */
const MOST_TAPE_BYTES = 512 * 2 ** 20;

/** What the tapes that a forward pass keeps may take: little where memory is scarce, since blocks can run again. */
export function tapeBudget(activationBytes: number): number {
  return Math.min(MOST_TAPE_BYTES, activationBytes / 4);
}
