// Where a tensor lies on disk: what both file formats' headers come down to. Not its values.

import { DemurError } from '../errors.ts';
import { isDecodable } from './element-type.ts';
import type { ElementType } from './element-type.ts';
import { elementCount } from './weight-store.ts';

/** A tensor of a weights file whose place was checked against the file's length. */
export interface TensorEntry {
  name: string;
  file: string;
  /** Row-major: the last axis is contiguous. */
  shape: number[];
  type: ElementType;
  /** Byte offset in the file. */
  offset: number;
  byteLength: number;
}

export type TensorEntries = ReadonlyMap<string, TensorEntry>;

/** A weights file that ends before what its header promises. */
export class TruncatedFileError extends DemurError {
  constructor(file: string, needed: number, found: number, what: string) {
    super(
      'TRUNCATED_FILE',
      `${file} has ${found} bytes, but ${what} needs ${needed}: it is cut off; download or copy it again.`,
    );
  }
}

/** A weights file whose header contradicts itself or the file. */
export class InvalidHeaderError extends DemurError {
  constructor(file: string, problem: string) {
    super('INVALID_HEADER', `${file}: ${problem}; the file is damaged, download or convert it again.`);
  }
}

/** A number format or quantisation that is not decoded here. */
export class UnsupportedElementTypeError extends DemurError {
  constructor(file: string, tensor: string, type: string, supported: string) {
    super(
      'UNSUPPORTED_ELEMENT_TYPE',
      `${file}: tensor "${tensor}" is stored as ${type}, which is not supported; convert the model to one of ${supported}.`,
    );
  }
}

/** Refuses a tensor that is needed and cannot be read. @throws UnsupportedElementTypeError */
export function requireDecodable({ file, name, type }: Pick<TensorEntry, 'file' | 'name' | 'type'>): void {
  if (!isDecodable(type)) throw new UnsupportedElementTypeError(file, name, type.name, 'F32, F16, BF16');
}

/** Refuses tensors that share bytes. */
export function checkOverlaps(file: string, entries: readonly TensorEntry[]): void {
  const sorted = entries.filter((entry) => entry.byteLength > 0).sort((a, b) => a.offset - b.offset);
  for (let i = 1; i < sorted.length; i++) {
    const [before, after] = [sorted[i - 1]!, sorted[i]!];
    if (before.offset + before.byteLength <= after.offset) continue;
    throw new InvalidHeaderError(file, `tensors "${before.name}" and "${after.name}" overlap at byte ${after.offset}`);
  }
}

/** Bytes that a shape takes in a format, or null where it is no whole number of blocks or too large to count. */
export function byteLengthOf(shape: readonly number[], type: ElementType): number | null {
  const rowLength = shape.at(-1) ?? 1;
  if (rowLength % type.blockLength !== 0) return null;
  const bytes = (elementCount(shape) / type.blockLength) * type.blockBytes;
  return Number.isSafeInteger(bytes) && Number.isSafeInteger(elementCount(shape)) ? bytes : null;
}

/** The format that holds most of the elements: what people call the file's precision. */
export function dominantType(entries: TensorEntries): string {
  const elements = new Map<string, number>();
  for (const { type, shape } of entries.values()) {
    if (!isDecodable(type)) continue;
    elements.set(type.name, (elements.get(type.name) ?? 0) + elementCount(shape));
  }
  return [...elements].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'float32';
}
