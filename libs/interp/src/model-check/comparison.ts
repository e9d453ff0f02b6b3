/** Arrays compared: the greatest difference and the greatest value of each part of a check. Plain loops, no tensors. */
import type { NamedArray } from '../named-array.ts';
import type { Measure } from './checks.ts';

/** Collects the parts of a check. What is not a finite number makes its part NaN, which no tolerance passes. */
export class Comparison {
  readonly #parts = new Map<string, { difference: number; scale: number }>();

  /** Compares two arrays of one length. A part that was there before grows. */
  add(part: string, got: ArrayLike<number>, wanted: ArrayLike<number>): void {
    if (got.length !== wanted.length) throw new Error(`${part}: ${got.length} values instead of ${wanted.length}`);
    let { difference, scale } = this.#parts.get(part) ?? { difference: 0, scale: 0 };
    for (let at = 0; at < got.length; at++) {
      difference = greater(difference, Math.abs((got[at] as number) - (wanted[at] as number)));
      scale = greater(scale, Math.abs(wanted[at] as number));
    }
    this.#parts.set(part, { difference, scale });
  }

  /** A part that is measured in its own way. */
  put(part: string, measure: { difference: number; scale: number }): void {
    this.#parts.set(part, measure);
  }

  /** The parts as arrays [difference, scale], the currency of the engine. */
  arrays(): Record<string, NamedArray> {
    return Object.fromEntries(
      [...this.#parts].map(([part, { difference, scale }]) => [
        part,
        { shape: [2], values: Float32Array.of(difference, scale) },
      ]),
    );
  }
}

/** The inverse of `Comparison.arrays`. */
export function measuresOf(arrays: Record<string, NamedArray>): Measure[] {
  return Object.entries(arrays).map(([part, { values }]) => ({
    part,
    difference: values[0] ?? NaN,
    scale: values[1] ?? NaN,
  }));
}

/** Math.max that never lets NaN go. */
function greater(a: number, b: number): number {
  return b > a || Number.isNaN(b) ? b : a;
}
