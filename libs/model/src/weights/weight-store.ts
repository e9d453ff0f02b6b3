// All weights of a model as float32 in one SharedArrayBuffer, so that worker threads share them.
// Not a loader: see load-weights.ts.

import { DemurError } from '../errors.ts';

/** Structured-cloneable; every tensor starts at an address that is a multiple of 64 where the allocator allows it. */
export interface WeightStore {
  buffer: SharedArrayBuffer;
  /** By canonical name: offset in bytes and shape, row-major. */
  tensors: Record<string, { offset: number; shape: number[] }>;
}

/** A weight asked for by a name that the store does not hold. */
export class UnknownWeightError extends DemurError {
  constructor(store: WeightStore, name: string) {
    const names = Object.keys(store.tensors);
    super(
      'UNKNOWN_WEIGHT',
      `No weight is named "${name}"; there are ${names.length}, e.g. ${names.slice(0, 3).join(', ')}.`,
    );
  }
}

const ALIGNMENT = 64;
/**
 * Where the first tensor starts. Allocators put a header of 16 bytes before a large buffer, so this makes its address a
 * multiple of 64: TensorFlow then takes the memory as it is. At any other address it makes a copy, and all stays right.
 */
const LEAD = ALIGNMENT - 16;

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The next place for a tensor at or after `offset` bytes. */
function aligned(offset: number): number {
  return Math.ceil((offset - LEAD) / ALIGNMENT) * ALIGNMENT + LEAD;
}

/** Where the named shapes lie in one buffer, in the order given. */
export function layOutWeights(shapes: readonly { name: string; shape: number[] }[]): {
  byteLength: number;
  tensors: WeightStore['tensors'];
} {
  const tensors: WeightStore['tensors'] = {};
  let offset = LEAD;
  for (const { name, shape } of shapes) {
    tensors[name] = { offset, shape };
    offset = aligned(offset + 4 * elementCount(shape));
  }
  return { byteLength: offset, tensors };
}

/** A zeroed store for the named shapes, in the order given. */
export function allocateWeightStore(shapes: readonly { name: string; shape: number[] }[]): WeightStore {
  const { byteLength, tensors } = layOutWeights(shapes);
  return { buffer: new SharedArrayBuffer(byteLength), tensors };
}

/** Whether the store holds a weight of this name (`unembed.W_U` is absent when tied). */
export function hasWeight(store: WeightStore, name: string): boolean {
  return store.tensors[name] !== undefined;
}

/** A view (no copy) of one weight. @throws UnknownWeightError */
export function weight(store: WeightStore, name: string): { values: Float32Array<SharedArrayBuffer>; shape: number[] } {
  const entry = store.tensors[name];
  if (entry === undefined) throw new UnknownWeightError(store, name);
  return { values: new Float32Array(store.buffer, entry.offset, elementCount(entry.shape)), shape: entry.shape };
}
