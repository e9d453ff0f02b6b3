/**
 * Orders of cells by score, and the first of them: a stable radix sort on the bits of float32, linear where a comparison sort
 * of 1.6M edges takes a second. IEEE 754 floats of one sign order as their bits do.
 */

const RADIX_BITS = 11;
const BUCKETS = 1 << RADIX_BITS;
/** Where the most significant digit of a key begins. */
const FIRST_DIGIT = 32 - RADIX_BITS;

/** From the bits of a float32 to an unsigned number that orders as wanted, smallest first. */
type Key = (bits: number) => number;

/** The largest |score| comes first. */
const strengthKey: Key = (bits) => ~(bits & 0x7fffffff) >>> 0;

/** `cells` by |score|, largest first; equal ones stay in their order. */
export function strengthOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(scores, cells, strengthKey);
}

/**
 * The first `count` of `strengthOrder`, which sorts no others: cells are counted by the first digit of their keys, and those
 * with digits that the `count` strongest have are sorted. Of 1.6M edges the top 1,000 take a tenth of the time of the order.
 */
export function strongest(scores: Float32Array, cells: Uint32Array, count: number): Uint32Array {
  const bits = bitsOf(scores);
  const counts = new Uint32Array(BUCKETS);
  for (let at = 0; at < cells.length; at++) counts[strengthKey(bits[cells[at]!]!) >>> FIRST_DIGIT]!++;
  let last = 0;
  let within = counts[0]!;
  while (within < count && last < BUCKETS - 1) within += counts[++last]!;
  const few = new Uint32Array(within);
  let found = 0;
  for (let at = 0; at < cells.length; at++)
    if (strengthKey(bits[cells[at]!]!) >>> FIRST_DIGIT <= last) few[found++] = cells[at]!;
  return strengthOrder(scores, few).slice(0, count);
}

/** `cells` by score, most negative first; equal ones stay in their order. */
export function ascendingOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(scores, cells, signedKey);
}

/** `cells` by score, most positive first; equal ones stay in their order. */
export function descendingOrder(scores: Float32Array, cells: Uint32Array): Uint32Array {
  return radixSort(scores, cells, (bits) => ~signedKey(bits) >>> 0);
}

/** Orders unsigned as the floats do: the bits of negative ones turned over, -0 taken as 0. */
function signedKey(bits: number): number {
  const isNegative = (bits & 0x80000000) !== 0 && (bits & 0x7fffffff) !== 0;
  return isNegative ? ~bits >>> 0 : (bits | 0x80000000) >>> 0;
}

function bitsOf(scores: Float32Array): Uint32Array {
  return new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
}

/** Cells with their keys beside them, so that no pass looks anything up out of order. */
interface Keyed {
  cells: Uint32Array;
  keys: Uint32Array;
}

function radixSort(scores: Float32Array, cells: Uint32Array, keyOf: Key): Uint32Array {
  const bits = bitsOf(scores);
  let from: Keyed = { cells: cells.slice(), keys: new Uint32Array(cells.length) };
  for (let at = 0; at < cells.length; at++) from.keys[at] = keyOf(bits[cells[at]!]!);
  let to: Keyed = { cells: new Uint32Array(cells.length), keys: new Uint32Array(cells.length) };
  for (let shift = 0; shift < 32; shift += RADIX_BITS) {
    scatter(from, to, shift);
    [from, to] = [to, from];
  }
  return from.cells;
}

/** One pass: `from` into `to` by the digit at `shift`, counting first. */
function scatter(from: Keyed, to: Keyed, shift: number): void {
  const starts = new Uint32Array(BUCKETS + 1);
  const { keys, cells } = from;
  for (let at = 0; at < keys.length; at++) starts[((keys[at]! >>> shift) & (BUCKETS - 1)) + 1]!++;
  for (let bucket = 0; bucket < BUCKETS; bucket++) starts[bucket + 1]! += starts[bucket]!;
  for (let at = 0; at < keys.length; at++) {
    const place = starts[(keys[at]! >>> shift) & (BUCKETS - 1)]!++;
    to.keys[place] = keys[at]!;
    to.cells[place] = cells[at]!;
  }
}
