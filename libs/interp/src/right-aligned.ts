/** Arrays over pairs of different lengths: aligned to the right, so that the answer position is the last one. No tensors. */
import type { NamedArray } from './named-array.ts';

/** A zero-free start: NaN where a cell has no token. */
export function nanArray(shape: number[]): NamedArray {
  return { shape, values: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(NaN) };
}

/**
 * Copies one pair's values into its place of an array whose axes `positionAxes` (after the pair axis, which comes first)
 * have `columns` entries; the pair's own have fewer and go to the right end.
 * @param from the pair's values, row-major of shape `shape` (without the pair axis).
 */
export function placeRight(
  target: NamedArray,
  place: number,
  { values: from, shape, positionAxes }: { values: Float32Array; shape: readonly number[]; positionAxes: number[] },
): void {
  const whole = target.shape.slice(1);
  const start = whole.map((size, axis) => (positionAxes.includes(axis) ? size - (shape[axis] as number) : 0));
  const inner = shape.at(-1) ?? 1;
  const base = place * whole.reduce((a, b) => a * b, 1);
  for (let at = 0; at < from.length; at += inner) {
    target.values.set(from.subarray(at, at + inner), base + offsetOf(at, { shape, whole, start }));
  }
}

/** Where the element `at` of an array of `shape` lies in one of shape `whole` that holds it from `start` on. */
function offsetOf(
  at: number,
  { shape, whole, start }: { shape: readonly number[]; whole: readonly number[]; start: readonly number[] },
): number {
  let [rest, offset, stride] = [at, 0, 1];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    offset += ((rest % size) + (start[axis] as number)) * stride;
    rest = Math.floor(rest / size);
    stride *= whole[axis] as number;
  }
  return offset;
}
