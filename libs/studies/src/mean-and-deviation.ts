/** The mean of some numbers, and how far they lie from it. */
export function meanAndDeviation(values: ArrayLike<number>): { mean: number; deviation: number } {
  const all = Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: all.length < 2 ? 0 : Math.sqrt(squares / (all.length - 1)) };
}
