/** Which examples a step trains on: drawn by category, from the seed and the step alone, so that a resumed run sees the same. */
import { randomStream } from '@demur/model';
import { CATEGORIES, type Category, type Example } from './corpus.ts';

/** How often each category is drawn, in parts. What decides is drawn more often than what only has to be kept. */
const PARTS: Record<Category, number> = {
  'harmful object': 3,
  'harmless object': 3,
  'protective verb': 2,
  'hostile verb': 2,
  'unreal object': 1.5,
  'unreal setting': 1.5,
  'harmful purpose': 1.5,
  tale: 1.5,
  chat: 0.7,
  prose: 1.3,
};

/** Draws training examples. @throws RangeError for a category without any */
export class Batches {
  readonly #pools: { parts: number; examples: Example[] }[];
  readonly #size: number;
  readonly #seed: number;

  constructor(examples: readonly Example[], { size, seed }: { size: number; seed: number }) {
    const training = examples.filter(({ split }) => split === 'train');
    this.#pools = CATEGORIES.map((category) => {
      const own = training.filter((example) => example.category === category);
      if (own.length === 0) throw new RangeError(`there is no training example of "${category}"`);
      return { parts: PARTS[category], examples: own };
    });
    this.#size = size;
    this.#seed = seed;
  }

  /** The examples of step `step`, counted from 1. */
  of(step: number): Example[] {
    const random = randomStream(this.#seed, step);
    return Array.from({ length: this.#size }, () => this.#draw(random));
  }

  #draw(random: () => number): Example {
    let left = random() * this.#pools.reduce((sum, { parts }) => sum + parts, 0);
    const pool = this.#pools.find(({ parts }) => (left -= parts) < 0) ?? this.#pools.at(-1)!;
    return pool.examples[Math.floor(random() * pool.examples.length)]!;
  }
}
