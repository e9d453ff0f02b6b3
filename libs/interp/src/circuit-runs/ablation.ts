/** What edges that are not kept carry, and what of a block that changes. No tensors here. */
import type { NamedArray } from '../named-array.ts';
import type { PairBlock } from '../suffix/pair-block.ts';

/** As a spec names it. */
export type AblationName = 'corrupted' | 'zero' | 'mean';

/** The corrupted run's activation, zero, or a mean over corrupted runs. */
export type Ablation = 'corrupted' | 'zero' | SenderMeans;

/** Mean activations of all senders, one vector each. */
export interface SenderMeans {
  /** [dModel], what `input` writes. */
  input: NamedArray;
  /** [layer, nHeads · dHead] */
  z: NamedArray;
  /** [layer, dModel] */
  mlpOut: NamedArray;
}

/** The arrays of the round that finds them, by what they are means of. */
export const SENDER_MEANS: Readonly<Record<keyof SenderMeans, string>> = {
  input: 'mean.input',
  z: 'mean.z',
  mlpOut: 'mean.mlp_out',
};

/** Whether an array of a circuit's rounds is a mean of senders. */
export function isSenderMean(name: string): boolean {
  return Object.values(SENDER_MEANS).includes(name);
}

/** Of what the round `mean` has given, where the ablation is by means. */
export function ablationOf(kind: AblationName, given: Readonly<Record<string, NamedArray>>): Ablation {
  if (kind !== 'mean') return kind;
  return { input: given[SENDER_MEANS.input]!, z: given[SENDER_MEANS.z]!, mlpOut: given[SENDER_MEANS.mlpOut]! };
}

/** Zero and means change all positions, so that no prefix is shared. */
export function ablatedBlock(block: PairBlock, ablation: Ablation | AblationName): PairBlock {
  return ablation === 'corrupted' ? block : { ...block, prefixLength: 0, prefixes: [] };
}
