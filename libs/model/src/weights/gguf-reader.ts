// Reads GGUF's primitive values in order through a window of the file, each length checked against what is left of the
// file before anything is allocated. Synchronous: a header holds hundreds of thousands of values, and a promise for each would
// take longer than the reading. Not the layout of a GGUF file: see gguf.ts.

import { readBytesSync } from './read-bytes.ts';
import type { OpenFile } from './read-bytes.ts';
import { InvalidHeaderError, TruncatedFileError } from './tensor-entry.ts';

const WINDOW_BYTES = 2 ** 20;
/** Chat templates and token strings are far below this. */
const MAX_STRING_BYTES = 2 ** 24;
/** Vocabularies and merge lists are far below this. */
const MAX_ARRAY_LENGTH = 2 ** 22;

const STRING_TYPE = 8;
const ARRAY_TYPE = 9;

/** GGUF's scalar types by number: size in bytes, and how to read one. */
const scalars: ReadonlyMap<number, { bytes: number; read: (view: DataView, at: number) => unknown }> = new Map([
  [0, { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) }],
  [1, { bytes: 1, read: (view: DataView, at: number) => view.getInt8(at) }],
  [2, { bytes: 2, read: (view: DataView, at: number) => view.getUint16(at, true) }],
  [3, { bytes: 2, read: (view: DataView, at: number) => view.getInt16(at, true) }],
  [4, { bytes: 4, read: (view: DataView, at: number) => view.getUint32(at, true) }],
  [5, { bytes: 4, read: (view: DataView, at: number) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view: DataView, at: number) => view.getFloat32(at, true) }],
  [7, { bytes: 1, read: (view: DataView, at: number) => view.getUint8(at) !== 0 }],
  [10, { bytes: 8, read: (view: DataView, at: number) => Number(view.getBigUint64(at, true)) }],
  [11, { bytes: 8, read: (view: DataView, at: number) => Number(view.getBigInt64(at, true)) }],
  [12, { bytes: 8, read: (view: DataView, at: number) => view.getFloat64(at, true) }],
]);

export class GgufReader {
  /** Byte offset in the file of what is read next. */
  position = 0;
  readonly #file: OpenFile;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  uint32(): number {
    return this.#take(4, 'a 32-bit number').readUInt32LE();
  }

  /** An unsigned 64-bit number that must be exact in JavaScript. */
  uint64(what: string): number {
    const value = Number(this.#take(8, what).readBigUInt64LE());
    if (Number.isSafeInteger(value)) return value;
    throw new InvalidHeaderError(this.#file.path, `${what} is ${value}, too large to be true`);
  }

  /** A number of things that take at least `minBytes` each, so the file must be long enough for them. */
  count(what: string, minBytes: number, max: number): number {
    const value = this.uint64(what);
    if (value > max) throw new InvalidHeaderError(this.#file.path, `${what} is ${value}, more than ${max}`);
    this.#require(value * minBytes, what);
    return value;
  }

  string(what: string): string {
    const length = this.count(`the length of ${what}`, 1, MAX_STRING_BYTES);
    return this.#take(length, what).toString('utf8');
  }

  /** A typed value: its type number, then the value. */
  value(key: string): unknown {
    const type = this.uint32();
    return type === ARRAY_TYPE ? this.#array(key) : this.#single(type, key);
  }

  #array(key: string): unknown[] {
    const type = this.uint32();
    const minBytes = type === STRING_TYPE ? 8 : this.#scalar(type, key).bytes;
    const length = this.count(`the length of "${key}"`, minBytes, MAX_ARRAY_LENGTH);
    const values: unknown[] = [];
    for (let i = 0; i < length; i++) values.push(this.#single(type, key));
    return values;
  }

  #single(type: number, key: string): unknown {
    if (type === STRING_TYPE) return this.string(`"${key}"`);
    const { bytes, read } = this.#scalar(type, key);
    const taken = this.#take(bytes, `"${key}"`);
    return read(new DataView(taken.buffer, taken.byteOffset, bytes), 0);
  }

  #scalar(type: number, key: string) {
    const scalar = scalars.get(type);
    if (scalar !== undefined) return scalar;
    throw new InvalidHeaderError(this.#file.path, `metadata "${key}" has type ${type}, which GGUF does not know here`);
  }

  #require(bytes: number, what: string): void {
    const end = this.position + bytes;
    if (end > this.#file.size) throw new TruncatedFileError(this.#file.path, end, this.#file.size, what);
  }

  /** The next bytes; valid until the next call. */
  #take(bytes: number, what: string): Buffer {
    this.#require(bytes, what);
    const from = this.position - this.#windowStart;
    if (from + bytes > this.#window.byteLength) return this.#takeBeyondWindow(bytes, what);
    this.position += bytes;
    return this.#window.subarray(from, from + bytes);
  }

  #takeBeyondWindow(bytes: number, what: string): Buffer {
    const length = Math.min(Math.max(bytes, WINDOW_BYTES), this.#file.size - this.position);
    this.#window = Buffer.alloc(length);
    this.#windowStart = this.position;
    readBytesSync(this.#file, this.position, this.#window, what);
    this.position += bytes;
    return this.#window.subarray(0, bytes);
  }
}
