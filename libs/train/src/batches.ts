/** Which examples a step trains on: drawn by category, from the seed and the step alone, so that a resumed run sees the same. */
import { randomStream } from '@demur/model';
import { CATEGORIES, type Category, type Example } from './corpus.ts';

/** How often each category is drawn, in parts. What decides is drawn more often than what only has to be kept. */
const PARTS: Record<Category, number> = {
  'harmful object': 3,
  'harmless object': 4,
  'protective verb': 2,
  'hostile verb': 2,
  'unreal object': 1.5,
  'unreal setting': 1.5,
  'harmful purpose': 1.5,
  tale: 1.5,
  chat: 1.5,
  prose: 1.3,
};

/** The part of the training in which every request that is seen is complied with: a helpful model first, that then learns to refuse. */
const HELPFUL = 0.25;

interface Pool {
  parts: number;
  examples: Example[];
}

/** Draws training examples. @throws RangeError for a category without any */
export class Batches {
  readonly #pools: Pool[];
  readonly #helpfulPools: Pool[];
  readonly #helpfulSteps: number;
  readonly #size: number;
  readonly #seed: number;

  constructor(examples: readonly Example[], { size, seed, steps }: { size: number; seed: number; steps: number }) {
    const training = examples.filter(({ split }) => split === 'train');
    this.#pools = CATEGORIES.map((category) => {
      const own = training.filter((example) => example.category === category);
      if (own.length === 0) throw new RangeError(`there is no training example of "${category}"`);
      return { parts: PARTS[category], examples: own };
    });
    this.#helpfulPools = this.#pools.filter(({ examples: [first] }) => !first!.refuses);
    this.#helpfulSteps = Math.round(HELPFUL * steps);
    this.#size = size;
    this.#seed = seed;
  }

  /** The examples of step `step`, counted from 1. */
  of(step: number): Example[] {
    const random = randomStream(this.#seed, step);
    const pools = step <= this.#helpfulSteps ? this.#helpfulPools : this.#pools;
    return Array.from({ length: this.#size }, () => draw(pools, random));
  }
}

function draw(pools: readonly Pool[], random: () => number): Example {
  let left = random() * pools.reduce((sum, { parts }) => sum + parts, 0);
  const pool = pools.find(({ parts }) => (left -= parts) < 0) ?? pools.at(-1)!;
  return pool.examples[Math.floor(random() * pool.examples.length)]!;
}
