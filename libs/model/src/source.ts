// The door to a model on disk: a Hugging Face directory or a GGUF file, opened by reading its headers only.
// Not a download: paths only.

import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { ModelConfig } from './config.ts';
import { DemurError } from './errors.ts';
import type { SourceFormat } from './families/family.ts';
import { openGguf } from './sources/gguf.ts';
import { openHuggingFace } from './sources/huggingface.ts';
import { withFileErrors } from './sources/file-errors.ts';
import { isFile } from './sources/read-json.ts';
import type { ModelIdentity } from './sources/identity.ts';
import type { Tokenizer } from './tokenizer/tokenizer.ts';
import type { LoadOptions } from './weights/load-weights.ts';
import type { StreamedPlan, WeightSizes } from './weights/residency.ts';
import { PickleRefusedError } from './weights/safetensors-shards.ts';
import type { StreamRecipe } from './weights/stream-recipe.ts';
import type { WeightStore } from './weights/weight-store.ts';

/** A model on disk whose headers are valid and fit its configuration. Weights and tokenizer are read when asked for. */
export interface ModelSource {
  /** Absolute path. */
  path: string;
  format: SourceFormat;
  config: ModelConfig;
  /** What the model is, by content. Reads the files once, then remembers the hashes by path, size and time. */
  identity(): Promise<ModelIdentity>;
  /** Float32 weights in shared memory. @throws TruncatedFileError, NonFiniteWeightError */
  loadWeights(options?: LoadOptions): Promise<WeightStore>;
  /** What the weights take as float32. */
  weightSizes: WeightSizes;
  /** Bytes of float32 weights that come from disk in a second: reads a few of them. @throws as loadWeights */
  readingSpeed(): Promise<number>;
  /** One block of the model's shape with made-up weights, for measuring how long it takes. Reads nothing. */
  sample(): { config: ModelConfig; weights: WeightStore };
  /** What threads need to stream the weights from disk. Reads nothing. */
  streamWeights(residency: StreamedPlan): StreamRecipe;
  /** @throws TokenizerMissingError, InvalidTokenizerError */
  loadTokenizer(): Promise<Tokenizer>;
}

/** A path at which there is nothing. */
export class ModelNotFoundError extends DemurError {
  constructor(path: string) {
    super(
      'MODEL_NOT_FOUND',
      `No model is at ${path}; give the path of a Hugging Face directory or of a .gguf file, or a Hub id: owner/name.`,
    );
  }
}

/** A path to something that is neither a model directory nor a GGUF file. */
export class NotAModelError extends DemurError {
  constructor(path: string, fix: string) {
    super('NOT_A_MODEL', `${path} is neither a Hugging Face directory nor a .gguf file; ${fix}.`);
  }
}

/** A directory without config.json. */
export class ConfigMissingError extends DemurError {
  constructor(directory: string) {
    super(
      'CONFIG_MISSING',
      `${directory} has no config.json; give the directory that holds config.json and the model's .safetensors files.`,
    );
  }
}

/** Opens a model: reads and checks configuration and headers. @throws DemurError, one class a mistake */
export async function openModelSource(path: string): Promise<ModelSource> {
  const absolute = resolve(path);
  return withFileErrors(async () => {
    const found = await stat(absolute).catch(() => null);
    if (found === null || path === '') throw new ModelNotFoundError(path === '' ? '""' : absolute);
    if (found.isDirectory()) return openDirectory(absolute);
    return openSingleFile(absolute, found.isFile());
  });
}

async function openDirectory(path: string): Promise<ModelSource> {
  if (!(await isFile(join(path, 'config.json')))) throw new ConfigMissingError(path);
  return openHuggingFace(path);
}

function openSingleFile(path: string, regular: boolean): Promise<ModelSource> {
  if (regular && path.toLowerCase().endsWith('.gguf')) return openGguf(path);
  if (/\.(bin|pt|pth|pkl|ckpt)$/.test(path)) throw new PickleRefusedError(path);
  if (path.endsWith('.safetensors')) throw new NotAModelError(path, 'give the directory that holds it and config.json');
  throw new NotAModelError(path, 'give one of these');
}
