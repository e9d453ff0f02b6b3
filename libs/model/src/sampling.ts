/** The next token from its logits: the likeliest, or drawn. Plain numbers in float64; no tensors. */
import { DemurError } from './errors.ts';

/** How tokens are drawn. Greedy is the absence of it. */
export interface Sampling {
  /** What logits are divided by; above 0. */
  temperature: number;
  /** Only this many likeliest tokens; all unless said. */
  topK?: number | undefined;
  /** Of these, the fewest likeliest ones whose probabilities sum to at least this; all unless said. */
  topP?: number | undefined;
  /** A safe integer. */
  seed: number;
}

/** A setting of the sampling that is out of range. */
export class SamplingError extends DemurError {
  constructor(name: string, value: number, fix: string) {
    super('INVALID_SAMPLING', `${name} ${value} is out of range; give ${fix}`);
  }
}

/** Logits that are no numbers: there is no next token. */
export class LogitsNotFiniteError extends DemurError {
  readonly row: number;

  constructor(row: number, step: number) {
    super(
      'NOT_FINITE',
      `the logits of row ${row} at step ${step} are not finite; check the model's weights and the edits`,
    );
    this.row = row;
  }
}

/** @throws SamplingError */
export function requireSampling({ temperature, topK, topP, seed }: Sampling): void {
  if (!(temperature > 0 && Number.isFinite(temperature)))
    throw new SamplingError('temperature', temperature, 'a number above 0, or leave it out for greedy');
  if (topK !== undefined && !(Number.isInteger(topK) && topK >= 1))
    throw new SamplingError('topK', topK, 'a whole number, 1 or more');
  if (topP !== undefined && !(topP > 0 && topP <= 1))
    throw new SamplingError('topP', topP, 'a number above 0, up to 1');
  if (!Number.isSafeInteger(seed)) throw new SamplingError('seed', seed, 'a whole number');
}

/** The likeliest token; of several, the first. */
export function greedyToken(logits: ArrayLike<number>): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] as number) > (logits[best] as number)) best = id;
  return best;
}

/** A token drawn by one number of `random`: temperature, then topK, then topP, as Hugging Face orders them. */
export function sampledToken(logits: ArrayLike<number>, sampling: Sampling, random: () => number): number {
  const weights = boltzmannWeights(logits, sampling.temperature);
  const candidates = likeliest(weights, sampling);
  let rest = random() * candidates.reduce((sum, id) => sum + (weights[id] as number), 0);
  for (const id of candidates) {
    rest -= weights[id] as number;
    if (rest < 0) return id;
  }
  return candidates.at(-1) as number;
}

/** exp((logit − largest) / temperature): probabilities but for their sum. */
function boltzmannWeights(logits: ArrayLike<number>, temperature: number): Float64Array {
  const largest = logits[greedyToken(logits)] as number;
  return Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
}

/** The tokens that may be drawn: likeliest first where topK or topP choose among them, else in the order of their ids. */
function likeliest(weights: Float64Array, { topK, topP }: Sampling): Uint32Array {
  const ids = Uint32Array.from(weights, (_, id) => id);
  if (topK === undefined && topP === undefined) return ids;
  ids.sort((a, b) => (weights[b] as number) - (weights[a] as number) || a - b);
  const kept = ids.subarray(0, topK ?? ids.length);
  return topP === undefined ? kept : nucleus(kept, weights, topP);
}

/** The first of `ids` whose weights are at least `topP` of all of theirs (Holtzman et al. 2020, arXiv 1904.09751). */
function nucleus(ids: Uint32Array, weights: Float64Array, topP: number): Uint32Array {
  const enough = topP * ids.reduce((sum, id) => sum + (weights[id] as number), 0);
  let sum = 0;
  const end = ids.findIndex((id) => (sum += weights[id] as number) >= enough);
  return ids.subarray(0, end < 0 ? ids.length : end + 1);
}
