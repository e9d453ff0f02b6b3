/**
 * Shards kept in a folder: `unfinished` beside the result, a file a shard, gone once the result is there. A file is the SHA-256
 * of its rest as a line of hex, then a safetensors file whose metadata holds what is no array. Not a format to exchange.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeSafetensors, safetensorsMetadata, safetensorsParts } from './safetensors.ts';
import type { KeptShard, ShardKey, ShardStore } from './shard-store.ts';
import { writeTemporary } from './temporary-file.ts';
import { OutputError } from './write-result.ts';

const FOLDER = 'unfinished';

/** Digits of the run's hash in a name: enough for runs of one folder; the whole hash is within. */
const NAME_DIGITS = 16;

const fileName = /^(?<run>[0-9a-f]{16})-(?<place>\d+)\.shard(?<suffix>\.\d+\.tmp)?$/;

const HASH_LENGTH = 64;

export interface ShardFolder extends ShardStore {
  /** Shards, finished or begun, that are kept of the run that was asked for last. */
  count(): Promise<number>;
  /** Drops what is kept: of one run, or of all. */
  clear(run?: string): Promise<void>;
}

/**
 * The shards of runs whose results go to `dir`; nothing is made before the first is kept.
 * @param onDamaged takes the path of a file that is not as it was written: its shard runs again
 */
export function openShardFolder(dir: string, onDamaged: (file: string) => void = () => undefined): ShardFolder {
  const folder = join(dir, FOLDER);
  const names = async () => (await readdir(folder).catch(() => [])).filter((name) => fileName.test(name));
  const places = async (run: string) => {
    const whole = (await names())
      .map((name) => fileName.exec(name)!.groups!)
      .filter(({ suffix }) => suffix === undefined);
    const own = whole.filter((groups) => run.startsWith(groups['run']!));
    return own.map(({ place }) => Number(place)).sort((a, b) => a - b);
  };
  let asked: string | undefined;
  return {
    worthMs: 1_000,
    count: async () => (asked === undefined ? 0 : (await places(asked)).length),
    places: (run) => {
      asked = run;
      return places(run);
    },
    load: async (key) => {
      const file = join(folder, nameOf(key));
      const bytes = await readFile(file).catch(() => undefined);
      const shard = bytes && decodeShard(bytes, key);
      if (bytes !== undefined && shard === undefined) onDamaged(file);
      return shard;
    },
    save: async (key, shard) => {
      try {
        await mkdir(folder, { recursive: true });
        const file = join(folder, nameOf(key));
        await rename(await writeTemporary(file, encodeShard(key, shard)), file);
      } catch (cause) {
        await removeIfEmpty(folder);
        throw new OutputError(folder, cause);
      }
    },
    clear: async (run) => {
      const own = (name: string) => run === undefined || run.startsWith(fileName.exec(name)!.groups!['run']!);
      for (const name of (await names()).filter(own)) await rm(join(folder, name), { force: true });
      await removeIfEmpty(folder);
    },
  };
}

function nameOf({ run, place }: ShardKey): string {
  return `${run.slice(0, NAME_DIGITS)}-${place}.shard`;
}

async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch(() => undefined); // not there, or with what is not ours
}

function encodeShard({ run, place }: ShardKey, { arrays, isFinished, stints }: KeptShard): Uint8Array[] {
  const parts = safetensorsParts(arrays, { shard: JSON.stringify({ run, place, isFinished, stints }) });
  return [Buffer.from(`${hashOf(parts)}\n`), ...parts];
}

/** Undefined for bytes that are not whole, or of another run. */
function decodeShard(bytes: Buffer, key: ShardKey): KeptShard | undefined {
  const content = bytes.subarray(HASH_LENGTH + 1);
  if (bytes.toString('latin1', 0, HASH_LENGTH + 1) !== `${hashOf([content])}\n`) return undefined;
  const { run, place, ...rest } = JSON.parse(safetensorsMetadata(content)['shard']!) as ShardKey &
    Omit<KeptShard, 'arrays'>;
  return run === key.run && place === key.place ? { ...rest, arrays: decodeSafetensors(content) } : undefined;
}

function hashOf(parts: Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
