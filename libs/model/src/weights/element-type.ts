// The number formats that weights are stored in, one entry each, decoded to float32.
// Not a list of what files may contain: what is not here is refused by name.

/** A storage format: blocks of `blockLength` elements in `blockBytes` bytes. Plain data: it may go to another thread. */
export interface ElementType {
  /** As people write it: float32, bfloat16, Q4_1. */
  name: string;
  blockLength: number;
  blockBytes: number;
}

/** Decodes `blocks` blocks at byte `from` of `bytes` (little endian) into `out` from element `to`. */
type Decode = (bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number) => void;

const halfToFloat = makeHalfTable();

/** All 65,536 float16 values, indexed by their bits: a look-up beats arithmetic in the hot loops below. */
function makeHalfTable(): Float32Array {
  const table = new Float32Array(65_536);
  for (let bits = 0; bits < 65_536; bits++) table[bits] = halfValue(bits);
  return table;
}

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function half(bytes: Uint8Array, at: number): number {
  return halfToFloat[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

function decodeFloat32(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  const target = new Uint8Array(out.buffer, out.byteOffset + 4 * to, 4 * blocks);
  target.set(bytes.subarray(from, from + 4 * blocks));
}

function decodeFloat16(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  const halves = halfWords(bytes, from, blocks);
  for (let i = 0; i < blocks; i++) out[to + i] = halfToFloat[halves[i]!]!;
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset + 4 * to, blocks);
  const halves = halfWords(bytes, from, blocks);
  for (let i = 0; i < blocks; i++) bits[i] = halves[i]! << 16;
}

/** `count` little-endian 16-bit words at byte `from`: a view where that is even, else a copy. */
function halfWords(bytes: Uint8Array, from: number, count: number): Uint16Array {
  const start = bytes.byteOffset + from;
  if (start % 2 === 0) return new Uint16Array(bytes.buffer, start, count);
  return new Uint16Array(Uint8Array.from(bytes.subarray(from, from + 2 * count)).buffer);
}

// The quantised formats are ggml's (ggml-common.h, dequantize_row_* in ggml-quants.c). d and m are float16;
// "nibbles" are 16 bytes whose low halves are elements 0..15 and whose high halves are elements 16..31.

/** Q4_0: d, nibbles; x = d (q - 8). */
function decodeQ4_0(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 18, to += 32) {
    const d = half(bytes, from);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 2 + i]!;
      out[to + i] = d * ((pair & 15) - 8);
      out[to + 16 + i] = d * ((pair >> 4) - 8);
    }
  }
}

/** Q4_1: d, m, nibbles; x = d q + m. */
function decodeQ4_1(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 20, to += 32) {
    const d = half(bytes, from);
    const m = half(bytes, from + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 4 + i]!;
      out[to + i] = d * (pair & 15) + m;
      out[to + 16 + i] = d * (pair >> 4) + m;
    }
  }
}

/** Q5_0: d, 32 fifth bits, nibbles; x = d (q - 16). */
function decodeQ5_0(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 22, to += 32) {
    const d = half(bytes, from);
    const high = uint32(bytes, from + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 6 + i]!;
      out[to + i] = d * (((pair & 15) | (((high >>> i) & 1) << 4)) - 16);
      out[to + 16 + i] = d * (((pair >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16);
    }
  }
}

/** Q5_1: d, m, 32 fifth bits, nibbles; x = d q + m. */
function decodeQ5_1(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 24, to += 32) {
    const d = half(bytes, from);
    const m = half(bytes, from + 2);
    const high = uint32(bytes, from + 4);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 8 + i]!;
      out[to + i] = d * ((pair & 15) | (((high >>> i) & 1) << 4)) + m;
      out[to + 16 + i] = d * ((pair >> 4) | (((high >>> (i + 16)) & 1) << 4)) + m;
    }
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Q8_0: d, 32 int8; x = d q. */
function decodeQ8_0(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 34, to += 32) {
    const d = half(bytes, from);
    for (let i = 0; i < 32; i++) out[to + i] = d * ((bytes[from + 2 + i]! << 24) >> 24);
  }
}

/**
 * The scales and minima of Q4_K and Q5_K: 8 of each in 12 bytes, 6 bits apiece. The first four keep their bits together; of the
 * last four the low 4 bits share bytes 8..11 and the high 2 bits are the top bits of bytes 0..7.
 */
function scaleAndMin(bytes: Uint8Array, at: number, i: number): [scale: number, min: number] {
  if (i < 4) return [bytes[at + i]! & 63, bytes[at + i + 4]! & 63];
  const low = bytes[at + i + 4]!;
  return [(low & 15) | ((bytes[at + i - 4]! >> 6) << 4), (low >> 4) | ((bytes[at + i]! >> 6) << 4)];
}

/** Q4_K: 256 elements: d, dmin, 8 scales and minima, 128 bytes of nibbles; x = d scale q - dmin min, 32 at a time. */
function decodeQ4_K(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 144, to += 256) {
    const [d, dmin] = [half(bytes, from), half(bytes, from + 2)];
    for (let run = 0; run < 8; run++) {
      const [scale, min] = scaleAndMin(bytes, from + 4, run);
      const [a, b] = [d * scale, dmin * min];
      const nibbles = from + 16 + 32 * (run >> 1);
      const shift = 4 * (run & 1);
      for (let i = 0; i < 32; i++) out[to + 32 * run + i] = a * ((bytes[nibbles + i]! >> shift) & 15) - b;
    }
  }
}

/** Q5_K: as Q4_K, with 32 bytes of fifth bits (run r has bit r) before the nibbles. */
function decodeQ5_K(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 176, to += 256) {
    const [d, dmin] = [half(bytes, from), half(bytes, from + 2)];
    for (let run = 0; run < 8; run++) {
      const [scale, min] = scaleAndMin(bytes, from + 4, run);
      const [a, b] = [d * scale, dmin * min];
      const nibbles = from + 48 + 32 * (run >> 1);
      const shift = 4 * (run & 1);
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[nibbles + i]! >> shift) & 15) | (((bytes[from + 16 + i]! >> run) & 1) << 4);
        out[to + 32 * run + i] = a * q - b;
      }
    }
  }
}

/** Q6_K: 256 elements: 128 bytes of low 4 bits, 64 of high 2 bits, 16 int8 scales, d; x = d scale (q - 32). */
function decodeQ6_K(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  for (let block = 0; block < blocks; block++, from += 210, to += 256) {
    const d = half(bytes, from + 208);
    decodeQ6Half(bytes, { low: from, high: from + 128, scale: from + 192 }, d, out, to);
    decodeQ6Half(bytes, { low: from + 64, high: from + 160, scale: from + 200 }, d, out, to + 128);
  }
}

interface Q6Offsets {
  low: number;
  high: number;
  scale: number;
}

/** 128 elements of a Q6_K block: four runs of 32, a scale for every 16. */
function decodeQ6Half(bytes: Uint8Array, at: Q6Offsets, d: number, out: Float32Array, to: number): void {
  for (let run = 0; run < 4; run++) {
    const lowAt = at.low + 32 * (run & 1);
    const lowShift = run < 2 ? 0 : 4;
    for (let i = 0; i < 32; i++) {
      const scale = (bytes[at.scale + 2 * run + (i >> 4)]! << 24) >> 24;
      const low = (bytes[lowAt + i]! >> lowShift) & 15;
      const high = (bytes[at.high + i]! >> (2 * run)) & 3;
      out[to + 32 * run + i] = d * scale * ((low | (high << 4)) - 32);
    }
  }
}

const formats: Record<string, [blockLength: number, blockBytes: number, decode: Decode]> = {
  float32: [1, 4, decodeFloat32],
  float16: [1, 2, decodeFloat16],
  bfloat16: [1, 2, decodeBfloat16],
  Q4_0: [32, 18, decodeQ4_0],
  Q4_1: [32, 20, decodeQ4_1],
  Q5_0: [32, 22, decodeQ5_0],
  Q5_1: [32, 24, decodeQ5_1],
  Q8_0: [32, 34, decodeQ8_0],
  Q4_K: [256, 144, decodeQ4_K],
  Q5_K: [256, 176, decodeQ5_K],
  Q6_K: [256, 210, decodeQ6_K],
};

/** The format of this name. */
export function elementType(name: keyof typeof formats): ElementType {
  const [blockLength, blockBytes] = formats[name]!;
  return { name, blockLength, blockBytes };
}

/** A format that is known by name alone: a tensor that nobody needs may have it. */
export function undecodableType(name: string): ElementType {
  return { name, blockLength: 1, blockBytes: 0 };
}

export function isDecodable({ name }: ElementType): boolean {
  return Object.hasOwn(formats, name);
}

/** Decodes whole blocks of a format, as many as fill `out`. */
export function decodeBlocks(type: ElementType, bytes: Uint8Array, out: Float32Array): void {
  formats[type.name]![2](bytes, 0, out.length / type.blockLength, out, 0);
}
