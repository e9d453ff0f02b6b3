/** What the two documents that demur comes from say they found, and how a study's numbers stand to it. */

/** `notebooks`: the experiments on Llama-2-7b-chat; `replication`: those on Gemma-2 2B and 9B. */
export type ClaimSource = 'notebooks' | 'replication';

export interface Claim {
  /** Such as "S1.object-induces-refusal". */
  id: string;
  source: ClaimSource;
  /** What was found there, on which model, as a sentence. */
  text: string;
}

/** A claim beside what was measured here. */
export interface CheckedClaim extends Claim {
  /** Whether this model shows the same; `not tested` where the study could not tell. */
  outcome: 'agrees' | 'disagrees' | 'not tested';
  /** Why, with the measured numbers. */
  sentence: string;
}

/** @param agrees null where the study could not tell. */
export function outcomeOf(agrees: boolean | null): CheckedClaim['outcome'] {
  if (agrees === null) return 'not tested';
  return agrees ? 'agrees' : 'disagrees';
}
