/** How alike two equally long lists are. No tensors. */
import { ascendingOrder } from './graph/score-order.ts';

/** Pearson's correlation; null where a list is constant. */
export function pearson(x: ArrayLike<number>, y: ArrayLike<number>): number | null {
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (let index = 0; index < x.length; index++) {
    const [dx, dy] = [x[index]! - meanX, y[index]! - meanY];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** In float64. */
export function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < x.length; index++) sum += x[index]!;
  return sum / x.length;
}

/** Spearman's rank correlation, tied values sharing their mean rank; null where a list is constant. */
export function spearman(x: Float32Array, y: Float32Array): number | null {
  return pearson(meanRanks(x), meanRanks(y));
}

/** Ranks from 0, equal values sharing the mean of theirs. */
function meanRanks(values: Float32Array): Float64Array {
  const order = ascendingOrder(values, Uint32Array.from(values.keys()));
  const ranks = new Float64Array(values.length);
  for (let start = 0, end = 0; start < order.length; start = end) {
    while (end < order.length && values[order[end]!] === values[order[start]!]) end++;
    for (let place = start; place < end; place++) ranks[order[place]!] = (start + end - 1) / 2;
  }
  return ranks;
}
