/** PostgreSQL's binary COPY format, as far as the artifact chunks need it: (text, int4, bytea) in, one bytea out. */

const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const noFlags = Buffer.alloc(8);
const headerLength = signature.length + noFlags.length;
const trailer = int16(-1);

/** A binary COPY of the rows (artifactId, index, chunk). The chunks are not copied. */
export function encodeChunks(artifactId: string, chunks: readonly Uint8Array[]): Blob {
  const rows = chunks.flatMap((chunk, index) => [
    int16(3),
    ...field(Buffer.from(artifactId)),
    ...field(int32(index)),
    ...field(chunk),
  ]);
  return new Blob([signature, noFlags, ...rows, trailer] as Uint8Array<ArrayBuffer>[]);
}

/** The one bytea of a binary COPY of one row and one column; undefined if there was no row. */
export function decodeChunk(copy: Uint8Array): Uint8Array | undefined {
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  if (view.getInt16(headerLength) === -1) return undefined;
  const start = headerLength + 2 + 4;
  return copy.subarray(start, start + view.getInt32(headerLength + 2));
}

function field(bytes: Uint8Array): Uint8Array[] {
  return [int32(bytes.length), bytes];
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}
