// From the bytes of a stored tensor's rows to values of one of our weights. Pure functions over buffers: no file, no promise,
// so that any thread can run them.

import { DemurError } from '../errors.ts';
import type { StoredTensor } from '../families/family.ts';
import { decodeBlocks } from './element-type.ts';
import type { ElementType } from './element-type.ts';
import type { TensorEntry } from './tensor-entry.ts';
import { elementCount } from './weight-store.ts';

/** A weight that is NaN or infinite. */
export class NonFiniteWeightError extends DemurError {
  constructor(file: string, tensor: string, index: number, value: number) {
    super(
      'NON_FINITE_WEIGHT',
      `${file}: tensor "${tensor}" holds ${value} at element ${index}; the weights are damaged, download them again.`,
    );
  }
}

/** Rows written side by side while transposing: 16 float32 fill a cache line. */
export const TILE = 16;

/** The rows of a stored tensor that a weight is made of. A vector has one element a row. */
export interface StoredRows {
  /** The first of them. */
  start: number;
  count: number;
  /** Elements of each, before columns are taken. */
  length: number;
  /** Bytes of each. */
  bytes: number;
}

export function rowsOf(stored: StoredTensor, type: ElementType): StoredRows {
  const length = stored.shape.length === 1 ? 1 : stored.shape.at(-1)!;
  const { start, count } = stored.rows ?? { start: 0, count: elementCount(stored.shape) / length };
  return { start, count, length, bytes: (length / type.blockLength) * type.blockBytes };
}

/** What is done to rows after they were read. */
interface Decoding {
  entry: TensorEntry;
  stored: StoredTensor;
  plus?: number;
  /** Of the file's tensor, where the rows start. For messages. */
  firstElement: number;
}

/**
 * Decodes whole rows into `scratch` and returns the part of it that holds them: the columns that are taken, row after row,
 * in the order that a half-rotating rotary expects.
 * @throws NonFiniteWeightError
 */
export function decodeRows(bytes: Uint8Array, decoding: Decoding, scratch: Float32Array): Float32Array {
  const { entry, stored, plus, firstElement } = decoding;
  if (stored.interleavedHead === undefined) decodeBlocks(entry.type, bytes, scratch);
  else decodeInterleaved(bytes, decoding, scratch);
  checkFinite(scratch, entry, firstElement);
  const values = takeColumns(scratch, rowsOf(stored, entry.type).length, stored.columns);
  if (plus !== undefined) for (let i = 0; i < values.length; i++) values[i]! += plus;
  return values;
}

/** Whole heads whose rows are interleaved. */
function decodeInterleaved(bytes: Uint8Array, { entry, stored }: Decoding, out: Float32Array): void {
  const rows = rowsOf(stored, entry.type);
  for (let row = 0; row * rows.length < out.length; row++) {
    const to = separatedRow(row, stored.interleavedHead!) * rows.length;
    decodeBlocks(entry.type, bytes.subarray(row * rows.bytes), out.subarray(to, to + rows.length));
  }
}

/** Moves the taken columns of each row together, in place. */
function takeColumns(values: Float32Array, length: number, columns: StoredTensor['columns']): Float32Array {
  if (columns === undefined) return values;
  const rows = values.length / length;
  for (let row = 0; row < rows; row++) {
    const from = row * length + columns.start;
    values.copyWithin(row * columns.count, from, from + columns.count);
  }
  return values.subarray(0, rows * columns.count);
}

/** llama.cpp stores row (pair j, half s) of a head at 2j + s; Hugging Face at s dHead/2 + j. */
function separatedRow(row: number, dHead: number): number {
  const within = row % dHead;
  return row - within + (within & 1) * (dHead / 2) + (within >> 1);
}

/** Infinities and NaN have all bits of the exponent set: one more there carries into the sign. */
function checkFinite(values: Float32Array, entry: TensorEntry, firstIndex: number): void {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  let carried = 0;
  for (let i = 0; i < bits.length; i++) carried |= (bits[i]! & 0x7f800000) + 0x00800000;
  if (carried >= 0) return;
  const index = values.findIndex((value) => !Number.isFinite(value));
  throw new NonFiniteWeightError(entry.file, entry.name, firstIndex + index, values[index]!);
}

/** Rows [out, in] become columns from `firstColumn` of `target` [in, columns]: 16 rows at a time, a cache line a write. */
export function transposeInto(
  target: Float32Array,
  rows: Float32Array,
  { rowLength, columns, firstColumn }: { rowLength: number; columns: number; firstColumn: number },
): void {
  const rowCount = rows.length / rowLength;
  for (let tile = 0; tile < rowCount; tile += TILE) {
    const width = Math.min(TILE, rowCount - tile);
    for (let i = 0; i < rowLength; i++) {
      const to = i * columns + firstColumn + tile;
      let from = tile * rowLength + i;
      for (let j = 0; j < width; j++, from += rowLength) target[to + j] = rows[from]!;
    }
  }
}
