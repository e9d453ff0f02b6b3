/** A binary heap of ranks, each a different whole number: the smallest comes out first. */
export class RankHeap {
  readonly #ranks: Uint32Array;
  #size = 0;

  /** @param capacity ranks that are in it at a time, at most. */
  constructor(capacity: number) {
    this.#ranks = new Uint32Array(capacity);
  }

  push(rank: number): void {
    let at = this.#size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#ranks[parent]! < rank) break;
      this.#ranks[at] = this.#ranks[parent]!;
      at = parent;
    }
    this.#ranks[at] = rank;
  }

  /** @throws RangeError when it is empty */
  pop(): number {
    if (this.#size === 0) throw new RangeError('the heap is empty');
    const least = this.#ranks[0]!;
    this.#sink(this.#ranks[--this.#size]!);
    return least;
  }

  /** Puts `rank` where the first one was, or below. */
  #sink(rank: number): void {
    let at = 0;
    for (let child = 1; child < this.#size; child = 2 * at + 1) {
      if (child + 1 < this.#size && this.#ranks[child + 1]! < this.#ranks[child]!) child++;
      if (this.#ranks[child]! > rank) break;
      this.#ranks[at] = this.#ranks[child]!;
      at = child;
    }
    this.#ranks[at] = rank;
  }
}
