// Reads and checks the header of a GGUF file, versions 2 and 3 (ggml's docs/gguf.md): metadata and tensor table.
// Not the values, and not their meaning: see families/ and tokenizer/.

import { DemurError } from '../errors.ts';
import { shown } from '../fields.ts';
import { elementType } from './element-type.ts';
import type { ElementType } from './element-type.ts';
import { GgufReader } from './gguf-reader.ts';
import { withFile } from './read-bytes.ts';
import type { OpenFile } from './read-bytes.ts';
import {
  byteLengthOf,
  checkOverlaps,
  InvalidHeaderError,
  TruncatedFileError,
  UnsupportedElementTypeError,
} from './tensor-entry.ts';
import type { TensorEntry } from './tensor-entry.ts';

/** What a GGUF file says about itself: scalars as number, boolean or string, arrays of one of these. */
export type GgufMetadata = ReadonlyMap<string, unknown>;

export interface GgufHeader {
  metadata: GgufMetadata;
  entries: Map<string, TensorEntry>;
}

/** A GGUF file of a version or byte order that is not read here. */
export class UnsupportedGgufError extends DemurError {
  constructor(file: string, found: string) {
    super(
      'UNSUPPORTED_GGUF',
      `${file} is GGUF ${found}; only versions 2 and 3, little endian, are read: convert it again.`,
    );
  }
}

/** By ggml's type number. */
const elementTypes: ReadonlyMap<number, ElementType> = new Map([
  [0, elementType('float32')],
  [1, elementType('float16')],
  [2, elementType('Q4_0')],
  [3, elementType('Q4_1')],
  [6, elementType('Q5_0')],
  [7, elementType('Q5_1')],
  [8, elementType('Q8_0')],
  [12, elementType('Q4_K')],
  [13, elementType('Q5_K')],
  [14, elementType('Q6_K')],
  [30, elementType('bfloat16')],
]);

/** Names of ggml's other types, so that a refusal can name them. */
const unsupportedTypes: ReadonlyMap<number, string> = new Map([
  [9, 'Q8_1'],
  [10, 'Q2_K'],
  [11, 'Q3_K'],
  [15, 'Q8_K'],
  [16, 'IQ2_XXS'],
  [17, 'IQ2_XS'],
  [18, 'IQ3_XXS'],
  [19, 'IQ1_S'],
  [20, 'IQ4_NL'],
  [21, 'IQ3_S'],
  [22, 'IQ2_S'],
  [23, 'IQ4_XS'],
  [24, 'I8'],
  [25, 'I16'],
  [26, 'I32'],
  [27, 'I64'],
  [28, 'F64'],
  [29, 'IQ1_M'],
  [34, 'TQ1_0'],
  [35, 'TQ2_0'],
  [39, 'MXFP4'],
]);

const MAX_DIMENSIONS = 4;
const MAX_TENSORS = 1_000_000;
/** A key takes at least its 8-byte length, a 4-byte type and a value. */
const MIN_METADATA_BYTES = 13;
/** A tensor takes at least its name's length, the number of dimensions, a type and an offset. */
const MIN_TENSOR_BYTES = 24;

/** Metadata and tensors, every length and offset checked against the file's length. @throws DemurError */
export async function readGgufHeader(path: string): Promise<GgufHeader> {
  return withFile(path, (file) => {
    const reader = new GgufReader(file);
    checkMagic(file, reader);
    const tensorCount = reader.count('tensor count', MIN_TENSOR_BYTES, MAX_TENSORS);
    const metadataCount = reader.count('metadata count', MIN_METADATA_BYTES, MAX_TENSORS);
    const metadata = readMetadata(path, reader, metadataCount);
    const relative = readTensorTable(path, reader, tensorCount);
    return { metadata, entries: place(file, relative, reader.position, alignmentOf(path, metadata)) };
  });
}

function checkMagic(file: OpenFile, reader: GgufReader): void {
  if (file.size < 24) throw new TruncatedFileError(file.path, 24, file.size, 'a GGUF header');
  const magic = reader.uint32();
  if (magic !== 0x46554747) throw new InvalidHeaderError(file.path, 'it does not start with "GGUF"');
  const version = reader.uint32();
  if (version === 2 || version === 3) return;
  const swapped = version === 0x02000000 || version === 0x03000000;
  throw new UnsupportedGgufError(file.path, swapped ? 'in big endian' : `version ${version}`);
}

function readMetadata(path: string, reader: GgufReader, count: number): Map<string, unknown> {
  const metadata = new Map<string, unknown>();
  for (let i = 0; i < count; i++) {
    const key = reader.string('a metadata key');
    if (metadata.has(key)) throw new InvalidHeaderError(path, `metadata key "${key}" appears twice`);
    metadata.set(key, reader.value(key));
  }
  return metadata;
}

function alignmentOf(path: string, metadata: GgufMetadata): number {
  const alignment = metadata.get('general.alignment') ?? 32;
  if (typeof alignment === 'number' && [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096].includes(alignment)) {
    return alignment;
  }
  throw new InvalidHeaderError(path, `"general.alignment" is ${shown(alignment)}, not a power of two from 8 to 4096`);
}

function readTensorTable(path: string, reader: GgufReader, count: number): TensorEntry[] {
  const entries: TensorEntry[] = [];
  for (let i = 0; i < count; i++) entries.push(readTensor(path, reader));
  return entries;
}

/** One row of the table, its offset still relative to the data section. */
function readTensor(file: string, reader: GgufReader): TensorEntry {
  const name = reader.string('a tensor name');
  const shape = readShape(file, name, reader);
  const type = typeOf(file, name, reader.uint32());
  const offset = reader.uint64(`the offset of tensor "${name}"`);
  const byteLength = byteLengthOf(shape, type);
  if (byteLength !== null) return { name, file, shape, type, offset, byteLength };
  throw new InvalidHeaderError(
    file,
    `tensor "${name}" has shape [${shape.join(', ')}], whose rows are no whole blocks of ${type.blockLength} (${type.name})`,
  );
}

/** Row-major, i.e. in the reverse of ggml's order. */
function readShape(file: string, name: string, reader: GgufReader): number[] {
  const rank = reader.uint32();
  if (rank > MAX_DIMENSIONS) throw new InvalidHeaderError(file, `tensor "${name}" has ${rank} dimensions`);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) shape.unshift(reader.uint64(`the shape of tensor "${name}"`));
  return shape;
}

function typeOf(file: string, tensor: string, number: number): ElementType {
  const type = elementTypes.get(number);
  if (type !== undefined) return type;
  const supported = [...elementTypes.values()].map(({ name }) => name).join(', ');
  throw new UnsupportedElementTypeError(file, tensor, unsupportedTypes.get(number) ?? `ggml type ${number}`, supported);
}

/** Makes offsets absolute and checks them: aligned, inside the file, no overlap. */
function place(file: OpenFile, relative: readonly TensorEntry[], tableEnd: number, alignment: number) {
  const dataStart = Math.ceil(tableEnd / alignment) * alignment;
  const entries = new Map<string, TensorEntry>();
  for (const entry of relative) {
    if (entries.has(entry.name)) throw new InvalidHeaderError(file.path, `tensor "${entry.name}" appears twice`);
    if (entry.offset % alignment !== 0) {
      throw new InvalidHeaderError(
        file.path,
        `tensor "${entry.name}" starts at ${entry.offset}, not a multiple of ${alignment}`,
      );
    }
    entries.set(entry.name, { ...entry, offset: dataStart + entry.offset });
  }
  const ends = [...entries.values()].map((entry) => entry.offset + entry.byteLength);
  const needed = ends.reduce((end, next) => Math.max(end, next), dataStart);
  if (needed > file.size) throw new TruncatedFileError(file.path, needed, file.size, 'what its header lists');
  checkOverlaps(file.path, [...entries.values()]);
  return entries;
}
