/** The first edges of a circuit by |score|, without sorting the millions that come after them. */

/**
 * Indices of the `limit` largest |scores| among the cells whose mask is not 0, largest first. Equal scores keep the
 * order of the matrix, so ranks do not depend on the machine; a score that is no number comes last.
 */
export function topEdges(scores: Float32Array, mask: Float32Array, limit: number): Uint32Array {
  const keys = magnitudeKeys(scores);
  const least = nthLargestBucket(keys, mask, limit);
  const candidates: number[] = [];
  for (let cell = 0; cell < keys.length; cell += 1) {
    if (mask[cell] !== 0 && keys[cell]! >>> bucketShift >= least) candidates.push(cell);
  }
  return Uint32Array.from(candidates.sort((a, b) => keys[b]! - keys[a]! || a - b).slice(0, limit));
}

const signBit = 0x8000_0000;
const infinity = 0x7f80_0000;

/** Integers that order as |scores| do: the bits of a positive IEEE 754 number order as the numbers; NaN is 0. */
function magnitudeKeys(scores: Float32Array): Uint32Array {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const keys = new Uint32Array(bits.length);
  for (let cell = 0; cell < bits.length; cell += 1) {
    const magnitude = bits[cell]! & ~signBit;
    keys[cell] = magnitude > infinity ? 0 : magnitude + 1;
  }
  return keys;
}

const bucketShift = 15;

/** The bucket (upper bits of the key) that holds the n-th largest key of the mask's cells; 0 if there are fewer. */
function nthLargestBucket(keys: Uint32Array, mask: Float32Array, n: number): number {
  const counts = new Uint32Array(2 ** (32 - bucketShift));
  for (let cell = 0; cell < keys.length; cell += 1) if (mask[cell] !== 0) counts[keys[cell]! >>> bucketShift]! += 1;
  let bucket = counts.length - 1;
  for (let found = counts[bucket]!; bucket > 0 && found < n; found += counts[bucket]!) bucket -= 1;
  return bucket;
}
