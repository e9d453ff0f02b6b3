// A GGUF file as a ModelSource: weights, tokenizer and chat template from the one file.

import { familyOfGguf } from '../families/index.ts';
import { requireNeutral } from '../fields.ts';
import type { Fields } from '../fields.ts';
import type { ModelSource } from '../source.ts';
import { chatTemplateOfGguf, hasGgufTokenizer, tokenizerOfGguf } from '../tokenizer/gguf-tokenizer.ts';
import { checkTensors } from '../weights/check-tensors.ts';
import { readGgufHeader } from '../weights/gguf.ts';
import type { GgufHeader } from '../weights/gguf.ts';
import { loadWeights } from '../weights/load-weights.ts';
import { sizesOf } from '../weights/residency.ts';
import { readingSpeed, sampleModel } from '../weights/sample-weights.ts';
import { readVector } from '../weights/read-vector.ts';
import { dominantType, InvalidHeaderError } from '../weights/tensor-entry.ts';
import { withFileErrors } from './file-errors.ts';
import { hashFiles, sha256 } from './identity.ts';
import type { ModelIdentity } from './identity.ts';
import { revisionOf } from './revision.ts';

/** Heads are far smaller than twice this. */
const MAX_ROPE_FACTORS = 4096;

/** Opens a GGUF file. @throws DemurError */
export async function openGguf(path: string): Promise<ModelSource> {
  const header = await readGgufHeader(path);
  const fields: Fields = { file: path, values: header.metadata };
  requireNeutral(fields, 'split.count', [0, 1]);
  const family = familyOfGguf(fields);
  const config = family.gguf.config(fields, { entries: header.entries, ropeFactors: await ropeFactorsOf(header) });
  const plan = family.planWeights(config, 'gguf', header.entries);
  checkTensors(path, header.entries, plan, family.harmlessTensors);
  return {
    path,
    format: 'gguf',
    config,
    identity: () => withFileErrors(() => identify(path, header)),
    loadWeights: (options) => withFileErrors(() => loadWeights(plan, header.entries, options)),
    weightSizes: sizesOf(plan),
    readingSpeed: () => withFileErrors(() => readingSpeed(plan, header.entries)),
    sample: () => sampleModel(config, plan),
    streamWeights: (residency) => ({ plan, entries: header.entries, residency }),
    loadTokenizer: () => withFileErrors(() => tokenizerOfGguf(fields, config.dVocab)),
  };
}

/** `rope_freqs.weight`, which belongs to the configuration; null where the file has none. */
async function ropeFactorsOf({ entries }: GgufHeader): Promise<number[] | null> {
  const entry = entries.get('rope_freqs.weight');
  if (entry === undefined) return null;
  const factors = [...(await readVector(entry, MAX_ROPE_FACTORS))];
  const wrong = factors.find((factor) => factor <= 0);
  if (wrong === undefined) return factors;
  throw new InvalidHeaderError(entry.file, `"rope_freqs.weight" holds ${wrong}, but frequencies are divided by it`);
}

async function identify(path: string, { metadata, entries }: GgufHeader): Promise<ModelIdentity> {
  const template = chatTemplateOfGguf({ file: path, values: metadata });
  const tokenizer = [...metadata].filter(([key]) => key.startsWith('tokenizer.ggml.')).sort(byKey);
  return {
    weightsSha256: await hashFiles([path]),
    tokenizerSha256: hasGgufTokenizer(metadata) ? sha256(JSON.stringify(tokenizer)) : null,
    chatTemplateSha256: template === null ? null : sha256(template),
    revision: revisionOf(path),
    dtype: dominantType(entries),
  };
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
