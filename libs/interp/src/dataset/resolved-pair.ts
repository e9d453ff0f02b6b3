/** One pair as token ids: what every method runs on. Not text: text is tokenised once, before, and never again. */
export interface ResolvedPair {
  /** Token ids of the prompt whose behaviour is explained. */
  clean: number[];
  /** Token ids of its counterfactual; as many as in `clean`. */
  corrupted: number[];
  answer: number;
  distractor: number;
  /** Index, in the pair's own tokens, of the first token that differs. */
  firstDifference: number;
  /** Positions of tokens that play a part, by its name, ascending; the answer position is `last` in every pair. */
  roles?: Roles;
}

/** Positions, in a pair's own tokens, by the name of their role. */
export type Roles = Record<string, readonly number[]>;
