// A Hugging Face directory as a ModelSource: config.json, safetensors, tokenizer.json.

import { join } from 'node:path';
import { tokenIds } from '../families/common-fields.ts';
import { familyOfHuggingFace } from '../families/index.ts';
import type { Fields } from '../fields.ts';
import type { ModelSource } from '../source.ts';
import { chatTemplateOfDirectory, tokenizerOfDirectory } from '../tokenizer/huggingface-tokenizer.ts';
import { checkTensors } from '../weights/check-tensors.ts';
import { loadWeights } from '../weights/load-weights.ts';
import { sizesOf } from '../weights/residency.ts';
import { readingSpeed, sampleModel } from '../weights/sample-weights.ts';
import { readSafetensorsDirectory } from '../weights/safetensors-shards.ts';
import { dominantType } from '../weights/tensor-entry.ts';
import type { TensorEntries } from '../weights/tensor-entry.ts';
import { withFileErrors } from './file-errors.ts';
import { hashFiles, sha256 } from './identity.ts';
import type { ModelIdentity } from './identity.ts';
import { isFile, readJsonObject, readOptionalJsonObject } from './read-json.ts';
import { revisionOf } from './revision.ts';
import { resolveTie } from './stored-unembedding.ts';

/** Opens a directory that holds config.json. @throws DemurError */
export async function openHuggingFace(path: string): Promise<ModelSource> {
  const file = join(path, 'config.json');
  const fields: Fields = { file, values: new Map(Object.entries(await readJsonObject(file))) };
  const family = familyOfHuggingFace(fields);
  const told = { ...family.configFromHuggingFace(fields), ...(await stopTokens(path)) };
  const { files, entries } = await readSafetensorsDirectory(path);
  const { config, copy } = await resolveTie(family, told, entries);
  if (copy !== null) entries.delete(copy);
  const plan = family.planWeights(config, 'huggingface', entries);
  checkTensors(path, entries, plan, family.harmlessTensors);
  return {
    path,
    format: 'huggingface',
    config,
    identity: () => withFileErrors(() => identify(path, files, entries)),
    loadWeights: (options) => withFileErrors(() => loadWeights(plan, entries, options)),
    weightSizes: sizesOf(plan),
    readingSpeed: () => withFileErrors(() => readingSpeed(plan, entries)),
    sample: () => sampleModel(config, plan),
    streamWeights: (residency) => ({ plan, entries, residency }),
    loadTokenizer: () => withFileErrors(() => tokenizerOfDirectory(path, config.dVocab)),
  };
}

/** generation_config.json tells what ends a text, where it is there and says so: transformers asks it before config.json. */
async function stopTokens(path: string): Promise<{ eosTokenIds?: number[] }> {
  const file = join(path, 'generation_config.json');
  const fields = { file, values: new Map(Object.entries((await readOptionalJsonObject(file)) ?? {})) };
  const eosTokenIds = tokenIds(fields, 'eos_token_id');
  return eosTokenIds.length === 0 ? {} : { eosTokenIds };
}

async function identify(path: string, files: string[], entries: TensorEntries): Promise<ModelIdentity> {
  const tokenizer = join(path, 'tokenizer.json');
  const template = await chatTemplateOfDirectory(path);
  return {
    weightsSha256: await hashFiles(files),
    tokenizerSha256: (await isFile(tokenizer)) ? await hashFiles([tokenizer]) : null,
    chatTemplateSha256: template === null ? null : sha256(template),
    revision: revisionOf(path),
    dtype: dominantType(entries),
  };
}
