/** Random numbers that are the same everywhere: xoshiro128** (Blackman and Vigna 2021, arXiv 1805.01407). Not for secrets. */

/** Whole numbers from 0 to 2³² − 1 from four words of state, not all of them 0. */
export function xoshiro128(state: Uint32Array): () => number {
  const s = Uint32Array.from(state) as Uint32Array & { 0: number; 1: number; 2: number; 3: number };
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotateLeft(s[3], 11);
    return result;
  };
}

function rotateLeft(x: number, by: number): number {
  return (x << by) | (x >>> (32 - by));
}

/** Numbers from 0 up to, not including, 1: stream `stream` of seed `seed` (safe integers), independent of every other one. */
export function randomStream(seed: number, stream: number): () => number {
  const mix = mixer();
  for (const word of [...wordsOf(seed), ...wordsOf(stream)]) mix(word);
  const next = xoshiro128(Uint32Array.from({ length: 4 }, () => mix(0)));
  return () => next() / 2 ** 32;
}

/** Low and high 32 bits of a safe integer, negative ones included. */
function wordsOf(x: number): [number, number] {
  return [x >>> 0, Math.floor(x / 2 ** 32) >>> 0];
}

/** Absorbs words and gives out mixed ones: SplitMix32, whose increment is odd, with MurmurHash3's finalizer. */
function mixer(): (word: number) => number {
  let state = 0;
  return (word) => {
    state = finalized((state + 0x9e3779b9) ^ word);
    return finalized(state ^ 0x85ebca6b);
  };
}

/** MurmurHash3's fmix32: every bit of the input changes half of the output's. */
function finalized(word: number): number {
  let x = word >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
