/** Blind damage: bits, bytes and lengths of anything. */
import type { Changed } from './mutate-json.ts';
import { integer, pick, type Random } from './random.ts';

type Damage = (bytes: Buffer, at: number, random: Random) => Buffer;

function written(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = value;
  return copy;
}

function filled(bytes: Buffer, at: number, { value, random }: { value: number; random: Random }): Buffer {
  return Buffer.from(bytes).fill(value, at, Math.min(bytes.length, at + 1 + integer(random, 8)));
}

const damages: Record<string, Damage> = {
  'a bit flipped': (bytes, at, random) => written(bytes, at, bytes[at]! ^ (1 << integer(random, 8))),
  'a byte set': (bytes, at, random) => written(bytes, at, pick(random, [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x7b])),
  'bytes of ones': (bytes, at, random) => filled(bytes, at, { value: 0xff, random }),
  'bytes of zeros': (bytes, at, random) => filled(bytes, at, { value: 0, random }),
  'bytes removed': (bytes, at, random) =>
    Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + integer(random, 16))]),
  'bytes doubled': (bytes, at, random) =>
    Buffer.concat([bytes.subarray(0, at + 1 + integer(random, 16)), bytes.subarray(at)]),
  'cut off': (bytes, at) => bytes.subarray(0, at),
};

/** 1 to 4 damages among the first `region` bytes. */
export function mutateBytes(original: Buffer, region: number, random: Random): Changed<Buffer> {
  const recipe: string[] = [];
  let content = original;
  for (let left = 1 + integer(random, 4); left > 0 && content.length > 0; left--) {
    const at = integer(random, Math.min(region, content.length));
    const name = pick(random, Object.keys(damages));
    content = damages[name]!(content, at, random);
    recipe.push(`${name} at ${at}`);
  }
  return { content, recipe: recipe.join(', ') };
}
