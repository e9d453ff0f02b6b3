/**
 * Root mean square norm (Zhang and Sennrich 2019, arXiv 1910.07467) and layer norm (Ba et al. 2016, arXiv 1607.06450),
 * forward, vector-Jacobian and Jacobian-vector product. The scale is a function of the input and is differentiated;
 * nothing is frozen, but in `carry`.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs';

/** Both norms are over the last axis, of `width` entries. */
export interface NormWeights {
  kind: 'rms' | 'layer';
  /** [width] */
  w: Tensor1D;
  /** [width], of a layer norm alone. */
  b?: Tensor1D;
  eps: number;
}

/** What the norm made of `x`; shapes are x's, but for `scale`. */
export interface NormTrace<T extends Tensor = Tensor> {
  /** [..., 1], √(mean x² + eps), of the centred x in a layer norm. */
  scale: T;
  /** (Centred) x / scale: of mean square one. */
  unit: T;
  /** What the next layer reads: unit · w + b. */
  normalized: T;
}

/** What the products below need of a trace. */
export type NormTape<T extends Tensor = Tensor> = Pick<NormTrace<T>, 'unit' | 'scale'>;

/** x − mean x in a layer norm; x in an RMS norm. */
function centred<T extends Tensor>({ kind }: NormWeights, x: T): T {
  return kind === 'layer' ? x.sub(x.mean(-1, true)) : x;
}

function weighted<T extends Tensor>({ w, b }: NormWeights, unit: T): T {
  const product: T = unit.mul(w);
  return b === undefined ? product : product.add(b);
}

/** x [..., width] → x / √(mean x² + eps) · w; a layer norm centres x before and adds b after. */
export function norm<T extends Tensor>(weights: NormWeights, x: T): NormTrace<T> {
  const of = centred(weights, x);
  const scale = of.square().mean(-1, true).add(weights.eps).sqrt() as T;
  const unit: T = of.div(scale);
  return { scale, unit, normalized: weighted(weights, unit) };
}

/** The norm, its scale and its output shown, and either replaced by what `show` gives back. */
export function shownNorm<T extends Tensor>(
  weights: NormWeights,
  x: T,
  show: (part: 'scale' | 'normalized', of: T) => T,
): NormTrace<T> {
  const trace = norm(weights, x);
  const scale = show('scale', trace.scale);
  const unit: T = scale === trace.scale ? trace.unit : trace.unit.mul(trace.scale.div(scale));
  const normalized = scale === trace.scale ? trace.normalized : weighted(weights, unit);
  return { scale, unit, normalized: show('normalized', normalized) };
}

/** A share of a norm's input, carried to its output by the scale that the whole input has: these sum to the output − b. */
export function carry<T extends Tensor>(weights: NormWeights, { scale }: { scale: Tensor }, share: T): T {
  return centred(weights, share).mul(tf.div(weights.w, scale));
}

/**
 * The Jacobian of `unit` times x. It is symmetric: (x − u · mean(u · x)) / scale, of the centred x in a layer norm.
 * Leading axes of x beyond the trace's are independent.
 */
function unitJacobian<T extends Tensor>(weights: NormWeights, { unit, scale }: NormTape, x: T): T {
  const along = x.mul(unit).mean(-1, true);
  return centred(weights, x).sub(tf.mul(unit, along)).div(scale);
}

/** Vector-Jacobian product: gradient at `normalized` [..., rows, width] → gradient at x; leading axes are readers. */
export function normVjp<T extends Tensor>(weights: NormWeights, tape: NormTape, dOut: T): T {
  return unitJacobian(weights, tape, dOut.mul(weights.w));
}

/** Jacobian-vector product: change of x [..., rows, width] → change of `normalized`, to first order. */
export function normJvp<T extends Tensor>(weights: NormWeights, tape: NormTape, dx: T): T {
  return unitJacobian(weights, tape, dx).mul(weights.w);
}
