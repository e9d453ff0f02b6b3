// How much of a model stays in memory, by a budget in bytes: all of it, or some blocks while the others stream by.
// Arithmetic alone: nothing is read or allocated here.

import { DemurError } from '../errors.ts';
import type { PlannedWeight } from '../families/family.ts';
import { layOutWeights } from './weight-store.ts';

/** What a model's weights take as float32, in bytes. */
export interface WeightSizes {
  all: number;
  /** The largest block. */
  block: number;
  /** Outside the blocks and no matrix: norms. */
  small: number;
  /** The matrix that makes logits. */
  unembedding: number;
  layers: number;
}

/**
 * What the engine takes beside weights and activations: Node, the tensor library, their threads and scratch memory.
 * Measured as the peak of an engine host on a small model, less its weights: 0.55 to 0.75 GB, TensorFlow 2.21 on Linux.
 */
export const ENGINE_BYTES = 750e6;

/** Part of what is left that weights may take; the rest is for activations, tapes and what they are made from. */
const WEIGHT_SHARE = 3 / 5;

/** One block computes while the next one is read. */
const LEAST_SLOTS = 2;

interface Budgeted {
  /** What weights, activations and the engine may take together. */
  budgetBytes: number;
  /** Weights in memory. */
  weightBytes: number;
  /** What is left for activations. */
  activationBytes: number;
}

/** All weights in memory. */
export interface ResidentPlan extends Budgeted {
  mode: 'resident';
}

/** Blocks in `slots` slots of memory, the others on disk. */
export interface StreamedPlan extends Budgeted {
  mode: 'streamed';
  slots: number;
  /** Whether the matrix that makes logits stays in memory. */
  keepsUnembedding: boolean;
}

export type Residency = ResidentPlan | StreamedPlan;

/** A budget that a model, or a run, does not fit; the sentence tells the need, the budget, and what would fit. */
export class MemoryBudgetError extends DemurError {
  constructor(sentence: string) {
    super('MEMORY_BUDGET', sentence);
  }
}

/** Of a budget in which not even two blocks fit. */
function modelTooLarge(path: string, { block, small }: WeightSizes, budgetBytes: number): MemoryBudgetError {
  const needed = ENGINE_BYTES + (small + LEAST_SLOTS * block) / WEIGHT_SHARE;
  return new MemoryBudgetError(
    `${path} does not run within ${gigabytes(budgetBytes)}: the engine takes ${gigabytes(ENGINE_BYTES)}, and of the rest ` +
      `three fifths must hold two blocks of ${gigabytes(block)}; give it a memory of ${gigabytes(needed, Math.ceil)} or more.`,
  );
}

/** Bytes as people say them, in hundredths of a gigabyte. */
export function gigabytes(bytes: number, round = Math.round): string {
  return `${round(bytes / 1e7) / 100}GB`;
}

/** What the weights of a plan take. */
export function sizesOf(plan: readonly PlannedWeight[]): WeightSizes {
  const bytes = (of: readonly PlannedWeight[]): number => layOutWeights(of).byteLength;
  const blocks = [...Map.groupBy(plan.filter(isOfBlock), ({ name }) => layerOf(name)).values()];
  const outside = plan.filter((weight) => !isOfBlock(weight));
  const unembedding = outside.filter(({ name }) => name === unembeddingName(plan));
  return {
    all: bytes(plan),
    block: Math.max(0, ...blocks.map(bytes)),
    small: bytes(outside.filter((weight) => !isTable(weight))),
    unembedding: bytes(unembedding),
    layers: blocks.length,
  };
}

/** Whether a weight belongs to a block. */
export function isOfBlock({ name }: PlannedWeight): boolean {
  return name.startsWith('blocks.');
}

/** The layer in a name such as `blocks.3.ln1.w`. */
export function layerOf(name: string): number {
  return Number(name.split('.')[1]);
}

/** Whether a weight is a matrix outside the blocks, read row by row. */
export function isTable(weight: PlannedWeight): boolean {
  return !isOfBlock(weight) && weight.shape.length === 2;
}

/** The matrix that makes logits: the embedding where the two are tied. */
export function unembeddingName(plan: readonly PlannedWeight[]): string {
  return plan.some(({ name }) => name === 'unembed.W_U') ? 'unembed.W_U' : 'embed.W_E';
}

/** What the weights of all loaded models may take of a budget. */
export function weightBudget(budgetBytes: number): number {
  return (budgetBytes - ENGINE_BYTES) * WEIGHT_SHARE;
}

/** What stays in memory. @param path of the model, for the message. @throws MemoryBudgetError */
export function planResidency(path: string, sizes: WeightSizes, budgetBytes: number): Residency {
  const forWeights = weightBudget(budgetBytes);
  const budgeted = (weightBytes: number): Budgeted => {
    return { budgetBytes, weightBytes, activationBytes: budgetBytes - ENGINE_BYTES - weightBytes };
  };
  if (sizes.all <= forWeights) return { mode: 'resident', ...budgeted(sizes.all) };
  const slots = Math.min(sizes.layers, Math.floor((forWeights - sizes.small) / sizes.block));
  if (slots < Math.min(LEAST_SLOTS, sizes.layers)) throw modelTooLarge(path, sizes, budgetBytes);
  const rest = forWeights - sizes.small - slots * sizes.block;
  const keepsUnembedding = rest >= sizes.unembedding;
  const weightBytes = sizes.small + slots * sizes.block + (keepsUnembedding ? sizes.unembedding : 0);
  return { mode: 'streamed', ...budgeted(weightBytes), slots, keepsUnembedding };
}
