/** Random choices that come out the same for the same seed. */

export interface Random {
  /** 0 <= x < 1 */
  (): number;
}

/** mulberry32, from any number of integers: (seed, mutant) gives each mutant its own row of numbers. */
export function seededRandom(...seeds: number[]): Random {
  let state = seeds.reduce((mixed, seed) => Math.imul(mixed ^ seed, 0x9e3779b1) + 0x7f4a7c15, 1) | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** An integer, 0 <= x < `below`. */
export function integer(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** One of the items; there must be one. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[integer(random, items.length)] as T;
}
