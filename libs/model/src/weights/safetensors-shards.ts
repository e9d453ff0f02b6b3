// Finds the tensors of a Hugging Face directory: model.safetensors, or the shards that model.safetensors.index.json
// lists. Not pickles: pytorch_model.bin is refused, since reading it may run code.

import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DemurError } from '../errors.ts';
import { readJsonObject } from '../sources/read-json.ts';
import { readSafetensorsHeader } from './safetensors.ts';
import { InvalidHeaderError } from './tensor-entry.ts';
import type { TensorEntry } from './tensor-entry.ts';

const INDEX = 'model.safetensors.index.json';
const PICKLE = /\.(bin|pt|pth|pkl|ckpt)$/;

/** A directory whose only weights are pickles. */
export class PickleRefusedError extends DemurError {
  constructor(file: string) {
    super(
      'PICKLE_REFUSED',
      `${file} is a pickle, which can run code when it is read; convert it to safetensors ` +
        '(in Python: AutoModelForCausalLM.from_pretrained(DIR).save_pretrained(OUT)).',
    );
  }
}

/** A directory without weights, or an index that names a shard which is not there. */
export class WeightsMissingError extends DemurError {
  constructor(missing: string) {
    super('WEIGHTS_MISSING', `${missing} does not exist; put the model's .safetensors files into that directory.`);
  }
}

/** All tensors of a directory by name, and the files that hold them. @throws DemurError */
export async function readSafetensorsDirectory(
  directory: string,
): Promise<{ files: string[]; entries: Map<string, TensorEntry> }> {
  const names = await readdir(directory);
  if (names.includes('model.safetensors')) return collect([join(directory, 'model.safetensors')]);
  if (names.includes(INDEX)) return readShards(directory, names);
  const pickle = names.sort().find((name) => PICKLE.test(name));
  if (pickle !== undefined) throw new PickleRefusedError(join(directory, pickle));
  throw new WeightsMissingError(join(directory, 'model.safetensors'));
}

async function readShards(directory: string, names: readonly string[]) {
  const index = join(directory, INDEX);
  const weightMap = parseWeightMap(index, await readJsonObject(index));
  const shards = [...new Set(weightMap.values())].sort();
  for (const shard of shards) {
    if (basename(shard) !== shard || /^\.*$/.test(shard))
      throw new InvalidHeaderError(index, `shard "${shard}" is not a plain file name`);
    if (!names.includes(shard)) throw new WeightsMissingError(join(directory, shard));
  }
  const collected = await collect(shards.map((shard) => join(directory, shard)));
  for (const [tensor, shard] of weightMap) {
    if (collected.entries.get(tensor)?.file === join(directory, shard)) continue;
    throw new InvalidHeaderError(index, `tensor "${tensor}" is not in ${shard}, where the index puts it`);
  }
  return collected;
}

function parseWeightMap(index: string, json: Record<string, unknown>): Map<string, string> {
  const map = json['weight_map'];
  if (typeof map !== 'object' || map === null || Object.values(map).some((shard) => typeof shard !== 'string')) {
    throw new InvalidHeaderError(index, '"weight_map" is no object of tensor names and file names');
  }
  return new Map(Object.entries(map as Record<string, string>));
}

async function collect(files: string[]): Promise<{ files: string[]; entries: Map<string, TensorEntry> }> {
  const entries = new Map<string, TensorEntry>();
  for (const file of files) {
    for (const entry of await readSafetensorsHeader(file)) {
      if (entries.has(entry.name)) throw new InvalidHeaderError(file, `tensor "${entry.name}" is in two shards`);
      entries.set(entry.name, entry);
    }
  }
  return { files, entries };
}
