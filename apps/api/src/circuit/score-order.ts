/**
 * Orders of cells by score: a stable radix sort on the bits of float32, linear where a comparison sort of 1.6M edges
 * takes a second. IEEE 754 floats of one sign order as their bits do.
 */

const RADIX_BITS = 11;
const BUCKETS = 1 << RADIX_BITS;

/** `cells` by |score|, largest first; equal ones stay in their order. */
export function strengthOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(cells, bitsOf(scores), (bits) => ~(bits & 0x7fffffff) >>> 0);
}

/** `cells` by score, most negative first; equal ones stay in their order. */
export function ascendingOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(cells, bitsOf(scores), signedKey);
}

/** `cells` by score, most positive first; equal ones stay in their order. */
export function descendingOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(cells, bitsOf(scores), (bits) => ~signedKey(bits) >>> 0);
}

/** Orders unsigned as the floats do: the bits of negative ones turned over, -0 taken as 0. */
function signedKey(bits: number): number {
  const isNegative = (bits & 0x80000000) !== 0 && (bits & 0x7fffffff) !== 0;
  return isNegative ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

function bitsOf(scores: Float32Array): Uint32Array {
  return new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
}

/** `cells` by `keyOf(bits[cell])`, an unsigned 32-bit number, smallest first; stable. */
function radixSort(cells: Uint32Array, bits: Uint32Array, keyOf: (bits: number) => number): Uint32Array {
  let from = cells.slice();
  let to = new Uint32Array(cells.length);
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    const digit = (cell: number): number => (keyOf(bits[cell]!) >>> shift) & (BUCKETS - 1);
    scatter(from, to, digit);
    [from, to] = [to, from];
  }
  return from;
}

/** One pass: `from` into `to` by digit, counting first. */
function scatter(from: Uint32Array, to: Uint32Array, digit: (cell: number) => number): void {
  const starts = new Uint32Array(BUCKETS + 1);
  for (const cell of from) starts[digit(cell) + 1]!++;
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1]! += starts[bucket]!;
  for (const cell of from) to[starts[digit(cell)]!++] = cell;
}
