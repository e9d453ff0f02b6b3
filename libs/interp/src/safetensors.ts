/**
 * Float32 arrays as a safetensors file, and back. Deterministic: names sorted, and no metadata but what is given, so that
 * equal results are equal bytes. Not the reader of models' weights, which streams and knows other number formats.
 */
import { DemurError } from '@demur/model';
import { z } from 'zod';
import type { NamedArray } from './named-array.ts';

interface HeaderEntry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** Bytes that are not what `encodeSafetensors` writes. */
export class InvalidSafetensorsError extends DemurError {
  constructor(problem: string) {
    super('INVALID_SAFETENSORS', `not a safetensors file of float32 arrays: ${problem}`);
  }
}

/** The whole file: 8 bytes of header length, the JSON header padded with spaces to 8 bytes, the values little-endian. */
export function encodeSafetensors(arrays: Record<string, NamedArray>): Uint8Array<ArrayBuffer> {
  const parts = safetensorsParts(arrays);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  parts.reduce((offset, part) => (bytes.set(part, offset), offset + part.byteLength), 0);
  return bytes;
}

/** Truth values, a byte each: 0 or 1. */
export interface NamedFlags {
  shape: number[];
  values: Uint8Array;
}

type Named = [string, NamedArray | NamedFlags];

/** The file in pieces, without a copy of the values: header first, then the arrays by name, those of bytes last, which keeps the others aligned. */
export function safetensorsParts(
  arrays: Record<string, NamedArray | NamedFlags>,
  metadata?: Record<string, string>,
): Uint8Array[] {
  const size = ([, { values }]: Named) => values.BYTES_PER_ELEMENT;
  const named = Object.entries(arrays).sort((a, b) => size(b) - size(a) || (a[0] < b[0] ? -1 : 1));
  const bytes = named.map(([, { values }]) => (values instanceof Uint8Array ? values : littleEndian(values)));
  return [encodeHeader(named, metadata), ...bytes];
}

function encodeHeader(named: Named[], metadata: Record<string, string> | undefined): Uint8Array {
  let offset = 0;
  const entries = named.map(([name, { shape, values }]): [string, HeaderEntry] => {
    const begin = offset;
    offset += values.byteLength;
    return [name, { dtype: values instanceof Uint8Array ? 'BOOL' : 'F32', shape, data_offsets: [begin, offset] }];
  });
  const first = metadata === undefined ? {} : { __metadata__: metadata };
  const json = Buffer.from(JSON.stringify({ ...first, ...Object.fromEntries(entries) }));
  const length = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + length, ' ');
  header.writeBigUInt64LE(BigInt(length));
  json.copy(header, 8);
  return header;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The values' bytes: a view where the machine is little-endian, as nearly all are. */
function littleEndian(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return isLittleEndian ? bytes : Buffer.from(bytes).swap32();
}

/**
 * Reads what `encodeSafetensors` wrote, and whole numbers of other writers (token ids, exact up to 2^24); values are copied.
 * @param wanted which arrays to read; the others may be of any number format. By default all.
 * @throws InvalidSafetensorsError for anything else
 */
export function decodeSafetensors(
  bytes: Uint8Array,
  wanted: (name: string) => boolean = () => true,
): Record<string, NamedArray> {
  const { header, start } = decodeHeader(bytes);
  return Object.fromEntries(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__' && wanted(name))
      .map(([name, entry]) => [name, decodeArray(name, requireEntry(name, entry), bytes.subarray(start))]),
  );
}

/** The texts that a writer put beside its arrays; empty where it put none. @throws InvalidSafetensorsError */
export function safetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  const parsed = z.record(z.string(), z.string()).safeParse(decodeHeader(bytes).header['__metadata__'] ?? {});
  if (!parsed.success) throw new InvalidSafetensorsError('its __metadata__ is no object of texts');
  return parsed.data;
}

function decodeHeader(bytes: Uint8Array): { header: Record<string, unknown>; start: number } {
  if (bytes.byteLength < 8) throw new InvalidSafetensorsError(`${bytes.byteLength} bytes are too few`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > bytes.byteLength - 8)
    throw new InvalidSafetensorsError(`a header of ${length} bytes in ${bytes.byteLength}`);
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, start: 8 + length };
}

function parseHeader(json: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(json));
  } catch (cause) {
    throw new InvalidSafetensorsError(`its header is no JSON object: ${String(cause)}`);
  }
}

const size = z.int().min(0);
const headerEntry = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });

function requireEntry(name: string, entry: unknown): HeaderEntry {
  const parsed = headerEntry.safeParse(entry);
  if (parsed.success) return parsed.data;
  throw new InvalidSafetensorsError(`"${name}" has no valid dtype, shape or data_offsets`);
}

/** Bytes a value, and how it is read from little-endian bytes. */
const formats: Record<string, { bytes: number; read: (view: DataView, offset: number) => number }> = {
  F32: { bytes: 4, read: (view, offset) => view.getFloat32(offset, true) },
  I32: { bytes: 4, read: (view, offset) => view.getInt32(offset, true) },
  BOOL: { bytes: 1, read: (view, offset) => view.getUint8(offset) },
  I64: { bytes: 8, read: (view, offset) => Number(view.getBigInt64(offset, true)) },
};

function decodeArray(
  name: string,
  { dtype, shape, data_offsets: [begin, end] }: HeaderEntry,
  data: Uint8Array,
): NamedArray {
  const count = shape.reduce((product, length) => product * length, 1);
  const format = formats[dtype];
  if (format === undefined)
    throw new InvalidSafetensorsError(`"${name}" is ${dtype}, not ${Object.keys(formats).join(', ')}`);
  if (end > data.byteLength || end - begin !== format.bytes * count)
    throw new InvalidSafetensorsError(
      `"${name}" of shape [${shape.join(', ')}] has bytes ${begin} to ${end} of ${data.byteLength}`,
    );
  const values = new Float32Array(count);
  const bytes = data.subarray(begin, end);
  if (dtype === 'F32' && isLittleEndian) {
    new Uint8Array(values.buffer).set(bytes);
    return { shape, values };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < count; at++) values[at] = format.read(view, at * format.bytes);
  return { shape, values };
}
