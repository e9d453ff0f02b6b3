/** Changes a safetensors file where it has structure: the length of its header, the header's JSON, and numbers. */
import { extremeInteger } from './extremes.ts';
import { mutateJson, type Changed } from './mutate-json.ts';
import { integer, pick, type Random } from './random.ts';

/** float32 NaN, infinity, the smallest denormal, the largest number; float16 infinities. */
const oddFloats = [0x7fc00000, 0xff800000, 0x00000001, 0x7f7fffff, 0x7c007c00];

export function headerLength(file: Buffer): number {
  return 8 + Number(file.readBigUInt64LE());
}

export function mutateSafetensors(file: Buffer, random: Random): Changed<Buffer> {
  const chance = random();
  if (chance < 0.1) return withLength(file, extremeInteger(random));
  if (chance < 0.2) return withOddFloat(file, random);
  const dataStart = headerLength(file);
  const { content, recipe } = mutateJson(file.toString('utf8', 8, dataStart), random);
  const json = Buffer.from(content);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return { content: Buffer.concat([length, json, file.subarray(dataStart)]), recipe: `header ${recipe}` };
}

function withLength(file: Buffer, length: bigint): Changed<Buffer> {
  const content = Buffer.from(file);
  content.writeBigUInt64LE(length);
  return { content, recipe: `header length ${length}` };
}

function withOddFloat(file: Buffer, random: Random): Changed<Buffer> {
  const content = Buffer.from(file);
  const start = headerLength(file);
  const at = start + 4 * integer(random, Math.max(1, Math.floor((file.length - start) / 4) - 1));
  const bits = pick(random, oddFloats);
  content.writeUInt32LE(bits, at);
  return { content, recipe: `bits ${bits.toString(16)} at ${at}` };
}
