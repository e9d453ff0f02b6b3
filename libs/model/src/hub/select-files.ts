// Which files of a repository a model needs. Not README, images, other formats; never pickles.

import { basename } from 'node:path';
import { HubFileNotFoundError, HubPickleRefusedError, HubWeightsMissingError } from './errors.ts';
import { isPlainPath } from './reference.ts';
import type { Repository } from './repository.ts';

export const WEIGHTS = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';
const CONFIG = 'config.json';
const BESIDE = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
];
const PICKLE = /\.(bin|pt|pth|pkl|ckpt)$/i;
const PART_OF_MANY = /-\d{5}-of-\d{5}\.gguf$/i;

/** Configuration, tokenizer and weights; of sharded weights the index, which names the shards. @throws DemurError */
export function selectModelFiles({ id, files }: Pick<Repository, 'id' | 'files'>): string[] {
  const weights = files.includes(WEIGHTS) ? WEIGHTS : files.includes(WEIGHTS_INDEX) ? WEIGHTS_INDEX : null;
  if (weights === null) refuseWeights({ id, files });
  if (!files.includes(CONFIG))
    throw new HubFileNotFoundError(id, CONFIG, 'give a repository of a whole model, not of an adapter');
  return [CONFIG, ...BESIDE.filter((name) => files.includes(name)), weights];
}

function refuseWeights({ id, files }: Pick<Repository, 'id' | 'files'>): never {
  const ggufs = files.filter((file) => /\.gguf$/i.test(file));
  if (ggufs.length > 0) throw new HubWeightsMissingError(id, `name one of its GGUF files, such as ${id}:${ggufs[0]}`);
  const pickle = files.find((file) => PICKLE.test(basename(file)));
  if (pickle !== undefined) throw new HubPickleRefusedError(id, pickle);
  throw new HubWeightsMissingError(id, 'give a repository that holds a model as safetensors or GGUF');
}

/** The shards that an index names, which must be files of the repository beside it. @throws HubFileNotFoundError */
export function shardsOf({ id, files }: Pick<Repository, 'id' | 'files'>, index: Record<string, unknown>): string[] {
  const map = index['weight_map'];
  const names = typeof map === 'object' && map !== null ? [...new Set(Object.values(map) as unknown[])].sort() : [];
  for (const name of names) {
    if (typeof name === 'string' && isShard(name) && files.includes(name)) continue;
    throw new HubFileNotFoundError(id, JSON.stringify(name), `${WEIGHTS_INDEX} names it as a shard; tell the author`);
  }
  if (names.length === 0) throw new HubWeightsMissingError(id, `${WEIGHTS_INDEX} names no shards; tell the author`);
  return names as string[];
}

function isShard(name: string): boolean {
  return isPlainPath(name) && basename(name) === name && name.endsWith('.safetensors');
}

/** The GGUF file of that path, or the only one of that quantisation: `Q4_K_M`. @throws HubFileNotFoundError */
export function selectGguf({ id, files }: Pick<Repository, 'id' | 'files'>, wanted: string): string {
  const ggufs = files.filter((file) => /\.gguf$/i.test(file) && isPlainPath(file));
  const found = ggufs.includes(wanted) ? [wanted] : ggufs.filter((file) => hasQuantisation(file, wanted));
  const [file] = found;
  if (file === undefined || found.length > 1)
    throw new HubFileNotFoundError(
      id,
      file === undefined ? wanted : `that "${wanted}" alone stands for`,
      listed(ggufs),
    );
  if (PART_OF_MANY.test(file))
    throw new HubFileNotFoundError(id, `${wanted} in one piece`, 'join its parts with gguf-split --merge');
  return file;
}

function hasQuantisation(file: string, wanted: string): boolean {
  const [name, tag] = [basename(file).toLowerCase(), wanted.toLowerCase()];
  return [`-${tag}.gguf`, `.${tag}.gguf`, `_${tag}.gguf`].some((ending) => name.endsWith(ending));
}

function listed(ggufs: string[]): string {
  if (ggufs.length === 0) return 'it has no GGUF file; leave the part after the colon out';
  const more = ggufs.length > 8 ? ` and ${ggufs.length - 8} more` : '';
  return `it has ${ggufs.slice(0, 8).join(', ')}${more}`;
}
