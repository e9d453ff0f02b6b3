// What a thread must know to stream a model's blocks, and what it and its loader say to each other. Types and layout.

import type { PlannedWeight } from '../families/family.ts';
import { isOfBlock, layerOf } from './residency.ts';
import type { StreamedPlan } from './residency.ts';
import type { TensorEntries } from './tensor-entry.ts';
import { layOutWeights } from './weight-store.ts';
import type { WeightStore } from './weight-store.ts';

/** A streamed model, structured-cloneable. The plan was checked against the entries. */
export interface StreamRecipe {
  plan: readonly PlannedWeight[];
  entries: TensorEntries;
  residency: StreamedPlan;
}

/** One block's weights, and where they lie in a slot. */
export interface BlockLayout {
  planned: PlannedWeight[];
  tensors: WeightStore['tensors'];
  byteLength: number;
}

/** The blocks of a plan, by layer. */
export function blocksOf(plan: readonly PlannedWeight[]): BlockLayout[] {
  const byLayer = Map.groupBy(plan.filter(isOfBlock), ({ name }) => layerOf(name));
  return [...byLayer].sort(([a], [b]) => a - b).map(([, planned]) => ({ planned, ...layOutWeights(planned) }));
}

/** What the loader starts with. */
export interface LoaderSetup {
  recipe: StreamRecipe;
  slots: SharedArrayBuffer[];
  /** Shared integers: CLOSING, CHUNKS_READ, then a slot each: the last ticket done there, negative if it failed. */
  state: Int32Array<SharedArrayBuffer>;
}

/** Not zero once nobody waits for blocks any more. */
export const CLOSING = 0;
/** Counts up while the loader makes progress. */
export const CHUNKS_READ = 1;
export const FIRST_SLOT = 2;

/** `ticket`: a number that no other request has. */
export interface LoadRequest {
  layer: number;
  slot: number;
  ticket: number;
}

/** Why a request failed: a DemurError with its code, or a bug. */
export interface LoadFailure {
  ticket: number;
  code?: string;
  message: string;
}
