// The number formats that weights are stored in, one entry each, decoded to float32.
// Not a list of what files may contain: what is not here is refused by name.

/** A storage format: blocks of `blockLength` elements in `blockBytes` bytes. */
export interface ElementType {
  /** As people write it: float32, bfloat16, Q4_1. */
  name: string;
  blockLength: number;
  blockBytes: number;
  /** Decodes `blocks` blocks at byte `from` of `bytes` (little endian) into `out` from element `to`. */
  decode: (bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number) => void;
}

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
  for (let i = 0; i < blocks; i++) out[to + i] = half(bytes, from + 2 * i);
}

/** bfloat16 is the upper half of a float32. */
function decodeBfloat16(bytes: Uint8Array, from: number, blocks: number, out: Float32Array, to: number): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset + 4 * to, blocks);
  for (let i = 0; i < blocks; i++) {
    const at = from + 2 * i;
    bits[i] = (bytes[at]! << 16) | (bytes[at + 1]! << 24);
  }
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

export const FLOAT32: ElementType = { name: 'float32', blockLength: 1, blockBytes: 4, decode: decodeFloat32 };
export const FLOAT16: ElementType = { name: 'float16', blockLength: 1, blockBytes: 2, decode: decodeFloat16 };
export const BFLOAT16: ElementType = { name: 'bfloat16', blockLength: 1, blockBytes: 2, decode: decodeBfloat16 };
export const Q4_0: ElementType = { name: 'Q4_0', blockLength: 32, blockBytes: 18, decode: decodeQ4_0 };
export const Q4_1: ElementType = { name: 'Q4_1', blockLength: 32, blockBytes: 20, decode: decodeQ4_1 };
export const Q5_0: ElementType = { name: 'Q5_0', blockLength: 32, blockBytes: 22, decode: decodeQ5_0 };
export const Q5_1: ElementType = { name: 'Q5_1', blockLength: 32, blockBytes: 24, decode: decodeQ5_1 };
export const Q8_0: ElementType = { name: 'Q8_0', blockLength: 32, blockBytes: 34, decode: decodeQ8_0 };
export const Q6_K: ElementType = { name: 'Q6_K', blockLength: 256, blockBytes: 210, decode: decodeQ6_K };
