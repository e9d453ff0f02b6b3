/** Results as files: the bytes of a safetensors file by its format's definition, and folders left as they were. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  decodeSafetensors,
  encodeSafetensors,
  InvalidSafetensorsError,
  OutputError,
  reserveOutput,
  writeResult,
} from '@demur/interp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const arrays = {
  scores: { shape: [1, 2], values: Float32Array.of(1.5, NaN) },
  'clean.metric': { shape: [1], values: Float32Array.of(-2) },
};

const header =
  '{"clean.metric":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' +
  '"scores":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]}}';

/** By hand: header length, header padded with spaces to 8 bytes, little-endian values in the order of names. */
function expectedBytes(): Buffer {
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  const bytes = Buffer.alloc(8 + padded.length + 12);
  bytes.writeBigUInt64LE(BigInt(padded.length));
  bytes.write(padded, 8);
  for (const [at, value] of [-2, 1.5, NaN].entries()) bytes.writeFloatLE(value, 8 + padded.length + 4 * at);
  return bytes;
}

describe('safetensors', () => {
  it('writes names in order, without metadata', () => {
    expect(Buffer.from(encodeSafetensors(arrays))).toEqual(expectedBytes());
  });

  it('reads what it wrote', () => {
    expect(decodeSafetensors(expectedBytes())).toEqual(arrays);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /0 bytes are too few/],
    ['a header beyond the end', Buffer.from([255, 255, 0, 0, 0, 0, 0, 0, 1]), /a header of 65535 bytes in 9/],
    ['values that are cut off', expectedBytes().subarray(0, -4), /"scores" of shape \[1, 2\] has bytes 4 to 12 of 8/],
    [
      'other number formats',
      Buffer.from(expectedBytes().toString('latin1').replace('F32', 'F16'), 'latin1'),
      /"clean\.metric" is F16/,
    ],
    [
      'a header that is no JSON',
      Buffer.from(expectedBytes().toString('latin1').replace('{', '['), 'latin1'),
      /its header is no JSON/,
    ],
  ])('refuses %s', (_, bytes, sentence) => {
    expect(() => decodeSafetensors(bytes)).toThrow(InvalidSafetensorsError);
    expect(() => decodeSafetensors(bytes)).toThrow(sentence);
  });
});

describe('the folder of a result', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'demur-result-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const result = { result: { kind: 'attribution' }, arrays } as unknown as Parameters<typeof writeResult>[1];

  it('holds both files and nothing else', async () => {
    const out = join(folder, 'a', 'b');
    await writeResult(out, result);
    expect(readdirSync(out).sort()).toEqual(['arrays.safetensors', 'result.json']);
    expect(JSON.parse(readFileSync(join(out, 'result.json'), 'utf8'))).toEqual({ kind: 'attribution' });
    expect(readFileSync(join(out, 'arrays.safetensors'))).toEqual(expectedBytes());
  });

  it('keeps nothing of a result that cannot be written whole', async () => {
    mkdirSync(join(folder, 'result.json', 'in the way'), { recursive: true });
    await expect(writeResult(folder, result)).rejects.toBeInstanceOf(OutputError);
    expect(readdirSync(folder)).toEqual(['result.json']);
  });

  it('is made when reserved, and removed when discarded', async () => {
    const output = await reserveOutput(join(folder, 'a', 'b'));
    expect(readdirSync(join(folder, 'a', 'b'))).toEqual([]);
    await output.discard();
    expect(existsSync(join(folder, 'a'))).toBe(false);
  });

  it('stays when it was there before, or holds something', async () => {
    await (await reserveOutput(folder)).discard();
    const output = await reserveOutput(join(folder, 'a', 'b'));
    writeFileSync(join(folder, 'a', 'note'), '');
    await output.discard();
    expect(readdirSync(join(folder, 'a'))).toEqual(['note']);
  });
});
