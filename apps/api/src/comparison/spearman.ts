import { ascendingOrder } from '@demur/interp';

/** Spearman's rank correlation of two equally long lists, tied values sharing their mean rank; null where a list is constant. */
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

function pearson(x: Float64Array, y: Float64Array): number | null {
  const mean = (x.length - 1) / 2;
  let [xy, xx, yy] = [0, 0, 0];
  for (let index = 0; index < x.length; index++) {
    const [dx, dy] = [x[index]! - mean, y[index]! - mean];
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}
