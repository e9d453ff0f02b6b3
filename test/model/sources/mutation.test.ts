// Hundreds of damaged copies of real headers: each opens and loads, or is refused with a DemurError. Never another
// error, a hang, or memory out of proportion. The damage is the same in every run.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DemurError, openModelSource } from '@demur/model';
import { describe, expect, it } from 'vitest';
import { copyOf, ggufBytes, golden, temporaryPath, tinyGguf } from './model-files.ts';

/** A random generator that gives the same numbers for the same seed (mulberry32): 0 <= x < 1. */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** 1 to 4 changes to the first `region` bytes: a byte set, a bit flipped, bytes removed, doubled or filled. */
function damaged(original: Buffer, region: number, random: () => number): Buffer {
  let bytes = Buffer.from(original);
  const changes = 1 + Math.floor(random() * 4);
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random() * Math.min(region, bytes.length));
    const length = 1 + Math.floor(random() * 8);
    const kind = Math.floor(random() * 6);
    if (kind === 0) bytes[at] = Math.floor(random() * 256);
    if (kind === 1) bytes[at] = bytes[at]! ^ (1 << Math.floor(random() * 8));
    if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    if (kind === 4) bytes.fill(0xff, at, Math.min(at + length, bytes.length));
    if (kind === 5) bytes = bytes.subarray(0, Math.max(at, 1));
  }
  return bytes;
}

/** 'opened', or the code of the refusal. */
async function outcome(path: string): Promise<string> {
  try {
    const source = await openModelSource(path);
    await source.loadWeights();
    (await source.loadTokenizer()).encode('Tell me how');
    return 'opened';
  } catch (error) {
    if (error instanceof DemurError) return error.code;
    throw error;
  }
}

/** Runs the mutants of one file and counts their outcomes. */
async function outcomes(count: number, seed: number, mutant: (random: () => number) => string) {
  const random = seeded(seed);
  const found = new Map<string, number>();
  const before = process.memoryUsage().rss;
  for (let i = 0; i < count; i++) {
    const code = await outcome(mutant(random));
    found.set(code, (found.get(code) ?? 0) + 1);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(400e6);
  return found;
}

describe('damaged headers', () => {
  it('of safetensors', { timeout: 60_000 }, async () => {
    const path = copyOf('open/llama_gqa_tied/model');
    const file = join(path, 'model.safetensors');
    const original = readFileSync(file);
    const region = 8 + Number(original.readBigUInt64LE());
    const found = await outcomes(400, 1, (random) => {
      writeFileSync(file, damaged(original, random() < 0.3 ? 8 : region, random));
      return path;
    });
    expect([...found.keys()]).toEqual(expect.arrayContaining(['INVALID_HEADER', 'TRUNCATED_FILE']));
  });

  it.each([
    ['with weights alone', ggufBytes(tinyGguf()), 900, 400],
    ['with a tokenizer', readFileSync(join(golden, 'sources/byte-pair.gguf')), 20_000, 150],
  ])('of GGUF files %s', { timeout: 60_000 }, async (_, original, region, count) => {
    const path = temporaryPath('mutant.gguf');
    const found = await outcomes(count, 2, (random) => {
      writeFileSync(path, damaged(original, random() < 0.3 ? 64 : region, random));
      return path;
    });
    expect([...found.keys()]).toEqual(expect.arrayContaining(['INVALID_HEADER', 'TRUNCATED_FILE']));
  });

  it.each(['config.json', 'tokenizer.json', 'model.safetensors.index.json'])(
    'of %s',
    { timeout: 60_000 },
    async (name) => {
      const path = copyOf('sources/sharded');
      const file = join(path, name);
      const original = readFileSync(file);
      const found = await outcomes(150, 3, (random) => {
        writeFileSync(file, damaged(original, original.length, random));
        return path;
      });
      expect([...found.keys()]).toContain('INVALID_JSON');
    },
  );

  it('whose fields hold other values', { timeout: 60_000 }, async () => {
    const path = copyOf('open/llama_mha/model');
    const file = join(path, 'config.json');
    const original = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    const keys = Object.keys(original);
    const values = [0, -1, 1, 7, 2 ** 31, 1e308, 0.5, '', 'llama', null, true, [], [[]], {}, { a: 1 }, [1, 'x']];
    const found = await outcomes(300, 4, (random) => {
      const key = keys[Math.floor(random() * keys.length)]!;
      writeFileSync(file, JSON.stringify({ ...original, [key]: values[Math.floor(random() * values.length)] }));
      return path;
    });
    expect([...found.keys()]).toEqual(expect.arrayContaining(['INVALID_CONFIG', 'UNSUPPORTED_CONFIG']));
  });
});
