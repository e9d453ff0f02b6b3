/** How much of what the model does a circuit does. No tensors here. */
import type { NamedArray } from '../named-array.ts';

/** The mean over pairs, in float64. */
export function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * (mean m(circuit) − mean m(∅)) / (mean m(clean) − mean m(∅)) (Hanna et al. 2024, arXiv 2403.17806); null where the two ends are
 * equal.
 * @param metric of the circuit's run, by pair.
 * @param arrays with `baseline.clean` and `baseline.ablated` [pair].
 */
export function faithfulnessOf(metric: Float32Array, arrays: Readonly<Record<string, NamedArray>>): number | null {
  const [clean, ablated] = ['clean', 'ablated'].map((name) => meanOf(arrays[`baseline.${name}`]!.values)) as [
    number,
    number,
  ];
  return clean === ablated ? null : (meanOf(metric) - ablated) / (clean - ablated);
}
