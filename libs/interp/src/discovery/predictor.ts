/**
 * What ACDC expects of a test before it has run: how likely the edge goes. Learnt from the tests so far, by a logistic
 * regression on how strong the edge's score is beside the threshold, a step of gradient descent a test. Expectations decide
 * which tests run together, never which edges go. No tensors here.
 */

/** The weights, as float32, so that what is stored is what was. */
export interface PredictorState {
  bias: number;
  slope: number;
}

/** How far a test moves the weights. */
const RATE = 0.5;

/** An edge that is this much weaker than the threshold is as weak as any. */
const LEAST = 1e-3;

export class Predictor {
  readonly #strengths: Float32Array | null;
  #bias: number;
  #slope: number;

  /**
   * @param strengths by cell, an edge's expected effect over the least of one that stays; null where nothing is expected.
   * @param state what was learnt before.
   */
  constructor(strengths: Float32Array | null, state: PredictorState = { bias: 1, slope: 1 }) {
    this.#strengths = strengths && strengths.map((strength) => Math.log(Math.max(strength, LEAST)));
    this.#bias = state.bias;
    this.#slope = state.slope;
  }

  get state(): PredictorState {
    return { bias: this.#bias, slope: this.#slope };
  }

  /** How likely the edge of a cell goes, 0 to 1. */
  chance(cell: number): number {
    return 1 / (1 + Math.exp(this.#slope * this.#strength(cell) - this.#bias));
  }

  /** Learns what became of an edge. */
  learn(cell: number, isRemoved: boolean): void {
    const wrong = (isRemoved ? 1 : 0) - this.chance(cell);
    this.#bias = Math.fround(this.#bias + RATE * wrong);
    this.#slope = Math.fround(this.#slope - RATE * wrong * this.#strength(cell));
  }

  #strength(cell: number): number {
    return this.#strengths === null ? 0 : this.#strengths[cell]!;
  }
}
