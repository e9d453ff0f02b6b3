// Reads and checks the header of a .safetensors file: 8 bytes of length, JSON, then the tensors' bytes without gaps
// (https://huggingface.co/docs/safetensors). Not the values.

import { DemurError } from '../errors.ts';
import { withFileErrors } from '../sources/file-errors.ts';
import { decodeBlocks, elementType, isDecodable, undecodableType } from './element-type.ts';
import type { ElementType } from './element-type.ts';
import { readBytes, withFile } from './read-bytes.ts';
import type { OpenFile } from './read-bytes.ts';
import {
  byteLengthOf,
  checkOverlaps,
  InvalidHeaderError,
  requireDecodable,
  TruncatedFileError,
} from './tensor-entry.ts';
import type { TensorEntry } from './tensor-entry.ts';
import { elementCount } from './weight-store.ts';

/** The format's own limit on its JSON header. */
const MAX_HEADER_BYTES = 100_000_000;

const elementTypes: ReadonlyMap<string, ElementType> = new Map([
  ['F32', elementType('float32')],
  ['F16', elementType('float16')],
  ['BF16', elementType('bfloat16')],
]);

/** A name that no tensor of a file has. */
export class TensorNotFoundError extends DemurError {
  constructor(file: string, name: string, there: readonly string[]) {
    const some = there.slice(0, 10).map((own) => JSON.stringify(own));
    const more = there.length > some.length ? ` and ${there.length - some.length} more` : '';
    super(
      'TENSOR_NOT_FOUND',
      `${file} has no tensor ${JSON.stringify(name)}; it has ${some.length === 0 ? 'none' : some.join(', ') + more}`,
    );
  }
}

/** The tensors of a file, every offset checked against its length. @throws DemurError naming file and tensor */
export async function readSafetensorsHeader(path: string): Promise<TensorEntry[]> {
  return withFile(path, async (file) => {
    const { header, dataStart } = await readHeaderJson(file);
    const entries = header
      .filter(([name]) => name !== '__metadata__')
      .map(([name, value]) => entryOf(path, name, value));
    checkCoverage(file, entries, dataStart);
    return entries.map((entry) => ({ ...entry, offset: entry.offset + dataStart }));
  });
}

/**
 * One tensor of a file, whatever else the file holds, as float32.
 * @throws UnreadableFileError, TensorNotFoundError, UnsupportedElementTypeError, InvalidHeaderError, TruncatedFileError
 */
export async function readSafetensorsTensor(
  path: string,
  name: string,
): Promise<{ shape: number[]; values: Float32Array }> {
  return withFileErrors(() =>
    withFile(path, async (file) => {
      const { header, dataStart } = await readHeaderJson(file);
      const tensors = header.filter(([own]) => own !== '__metadata__');
      const found = tensors.find(([own]) => own === name);
      if (found === undefined) throw new TensorNotFoundError(path, name, Object.keys(Object.fromEntries(tensors)));
      const entry = entryOf(path, ...found);
      requireDecodable(entry);
      const { shape, type, offset, byteLength } = entry;
      const end = dataStart + offset + byteLength;
      if (end > file.size) throw new TruncatedFileError(path, end, file.size, `tensor "${name}"`);
      const bytes = new Uint8Array(byteLength);
      await readBytes(file, dataStart + offset, bytes, `tensor "${name}"`);
      const values = new Float32Array(elementCount(shape));
      decodeBlocks(type, bytes, values);
      return { shape, values };
    }),
  );
}

async function readHeaderJson(file: OpenFile): Promise<{ header: [string, unknown][]; dataStart: number }> {
  if (file.size < 8) throw new TruncatedFileError(file.path, 8, file.size, 'the length of its header');
  const prefix = Buffer.alloc(8);
  await readBytes(file, 0, prefix, 'the length of its header');
  const length = prefix.readBigUInt64LE();
  if (length > MAX_HEADER_BYTES) throw new InvalidHeaderError(file.path, `its header claims ${length} bytes`);
  const dataStart = 8 + Number(length);
  if (dataStart > file.size) throw new TruncatedFileError(file.path, dataStart, file.size, 'its header');
  const json = Buffer.alloc(Number(length));
  await readBytes(file, 8, json, 'its header');
  return { header: parseHeader(file.path, json), dataStart };
}

function parseHeader(path: string, json: Buffer): [string, unknown][] {
  let header: unknown;
  try {
    header = JSON.parse(json.toString('utf8'));
  } catch {
    throw new InvalidHeaderError(path, 'its header is no JSON');
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new InvalidHeaderError(path, 'its header is no JSON object');
  }
  return Object.entries(header);
}

/** One tensor, its offset still relative to the data section. Its format may be one that is not decoded here. */
function entryOf(file: string, name: string, value: unknown): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2 || typeof dtype !== 'string') {
    throw new InvalidHeaderError(file, `tensor "${name}" lacks a valid dtype, shape or data_offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const type = elementTypes.get(dtype) ?? undecodableType(dtype);
  const byteLength = isDecodable(type) ? byteLengthOf(shape, type) : end - begin;
  if (byteLength === null || end - begin !== byteLength || byteLength < 0) {
    throw new InvalidHeaderError(
      file,
      `tensor "${name}" (${dtype} [${shape.join(', ')}]) needs ${byteLength ?? 'too many'} bytes ` +
        `but its data_offsets are [${begin}, ${end}]`,
    );
  }
  return { name, file, shape, type, offset: begin, byteLength };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

/** The tensors must fill the data section exactly: nothing past the end, no overlap, no gap. */
function checkCoverage(file: OpenFile, entries: readonly TensorEntry[], dataStart: number): void {
  const needed = entries.reduce((end, entry) => Math.max(end, entry.offset + entry.byteLength), 0);
  if (dataStart + needed > file.size) {
    throw new TruncatedFileError(file.path, dataStart + needed, file.size, 'what its header lists');
  }
  checkOverlaps(file.path, entries);
  const covered = entries.reduce((sum, entry) => sum + entry.byteLength, 0);
  if (dataStart + covered === file.size) return;
  throw new InvalidHeaderError(file.path, `its tensors cover ${covered} of ${file.size - dataStart} data bytes`);
}
