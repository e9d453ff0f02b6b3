/** Soft caps (Bello et al. 2016, arXiv 1611.09940; Gemma-2): scores or logits kept within ±c by c · tanh(x / c). */
import type { Tensor } from '@tensorflow/tfjs';

/** c · tanh(x / c), of x's shape; x itself without a cap. */
export function softcap<T extends Tensor>(x: T, c: number | null): T {
  return c === null ? x : x.div<T>(c).tanh().mul(c);
}

/**
 * The gradient at x, from that at y = c · tanh(x / c): dy · (1 − (y / c)²). Masked y, −∞, count as y = −c: slope zero.
 */
export function softcapVjp<T extends Tensor>(y: T, dy: T, c: number | null): T {
  if (c === null) return dy;
  return dy.sub(dy.mul(y.div<T>(c).clipByValue(-1, 1).square()));
}
