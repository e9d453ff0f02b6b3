// Writes small model files, right or deliberately wrong, into temporary folders. Independent of the code under test.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

export const golden = join(import.meta.dirname, '../../golden');
const root = mkdtempSync(join(tmpdir(), 'demur-sources-'));
let count = 0;
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A path in a temporary folder that is removed after the tests. */
export function temporaryPath(name: string): string {
  return join(root, `${count++}-${name}`);
}

export function writeFile(name: string, bytes: Uint8Array | string): string {
  const path = temporaryPath(name);
  writeFileSync(path, bytes);
  return path;
}

/** A copy of a directory of test/golden. */
export function copyOf(directory: string): string {
  const path = temporaryPath('model');
  cpSync(join(golden, directory), path, { recursive: true });
  return path;
}

/** Changes fields of a JSON file; undefined removes one. */
export function editJson(file: string, changes: Record<string, unknown>): void {
  const json = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...json, ...changes }));
}

export type SafetensorsHeader = Record<string, { dtype: string; shape: number[]; data_offsets: number[] }>;

export function readSafetensors(file: string): { header: SafetensorsHeader; data: Buffer } {
  const bytes = readFileSync(file);
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.subarray(8, 8 + length).toString()) as SafetensorsHeader;
  delete header['__metadata__'];
  return { header, data: bytes.subarray(8 + length) };
}

export function safetensorsBytes(header: unknown, data: Uint8Array): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, data]);
}

/** Rewrites a safetensors file with a changed header. */
export function editHeader(file: string, change: (header: SafetensorsHeader) => unknown): void {
  const { header, data } = readSafetensors(file);
  writeFileSync(file, safetensorsBytes(change(header) ?? header, data));
}

interface GgufTensor {
  name: string;
  /** Row-major. */
  shape: number[];
  type: number;
  offset: number;
}

export interface GgufParts {
  version: number;
  metadata: Record<string, Buffer>;
  tensors: GgufTensor[];
  data: Buffer;
  tensorCount?: bigint;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint | number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}

/** Typed metadata values as GGUF stores them. */
export const value = {
  u32: (x: number) => Buffer.concat([u32(4), u32(x)]),
  f32: (x: number) => Buffer.concat([u32(6), f32(x)]),
  text: (x: string) => Buffer.concat([u32(8), text(x)]),
  texts: (x: string[]) => Buffer.concat([u32(9), u32(8), u64(x.length), ...x.map(text)]),
};

export function ggufBytes({ version, metadata, tensors, data, tensorCount }: GgufParts): Buffer {
  const rows = tensors.map(({ name, shape, type, offset }) =>
    Buffer.concat([text(name), u32(shape.length), ...shape.toReversed().map(u64), u32(type), u64(offset)]),
  );
  const entries = Object.entries(metadata).map(([key, bytes]) => Buffer.concat([text(key), bytes]));
  const counts = [u64(tensorCount ?? tensors.length), u64(entries.length)];
  const header = Buffer.concat([Buffer.from('GGUF'), u32(version), ...counts, ...entries, ...rows]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32), data]);
}

/** A valid llama of one layer: width 8, 2 heads, MLP of 8, 5 tokens, float32 weights. */
export function tinyGguf(): GgufParts {
  const square = [8, 8];
  const names = ['attn_q', 'attn_k', 'attn_v', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'];
  const shapes: [string, number[]][] = [
    ['token_embd.weight', [5, 8]],
    ['output_norm.weight', [8]],
    ['blk.0.attn_norm.weight', [8]],
    ['blk.0.ffn_norm.weight', [8]],
    ...names.map((name): [string, number[]] => [`blk.0.${name}.weight`, square]),
  ];
  let offset = 0;
  const tensors = shapes.map(([name, shape]) => {
    const tensor = { name, shape, type: 0, offset };
    offset += 4 * shape.reduce((a, b) => a * b);
    return tensor;
  });
  return { version: 3, metadata: tinyMetadata(), tensors, data: Buffer.alloc(offset) };
}

function tinyMetadata(): Record<string, Buffer> {
  return {
    'general.architecture': value.text('llama'),
    'llama.block_count': value.u32(1),
    'llama.context_length': value.u32(16),
    'llama.embedding_length': value.u32(8),
    'llama.feed_forward_length': value.u32(8),
    'llama.attention.head_count': value.u32(2),
    'llama.attention.layer_norm_rms_epsilon': value.f32(1e-5),
    'llama.vocab_size': value.u32(5),
  };
}
