// What an architecture family must tell: which models are its own, their shape, and where each weight comes from.
// Not the mathematics: components read a ModelConfig and never ask for the architecture's name.

import type { ModelConfig } from '../config.ts';
import type { Fields } from '../fields.ts';
import type { TensorEntries } from '../weights/tensor-entry.ts';

export type SourceFormat = 'huggingface' | 'gguf';

/** A tensor of the file that becomes one of our weights. */
export interface StoredTensor {
  /** Its name in the file. */
  tensor: string;
  /** Its shape in the file, row-major: [out, in] for a matrix. */
  shape: number[];
  /** llama.cpp keeps the rows of q and k pairwise interleaved within each head of this many rows. */
  interleavedHead?: number;
}

/** One of our weights: the file's tensor, transposed to [in, out] where `transpose`. */
export interface PlannedWeight {
  name: string;
  shape: number[];
  stored: StoredTensor;
  transpose: boolean;
}

export interface Family {
  /** Hugging Face `model_type` and the `architectures` that its mapper understands. */
  modelType: string;
  architectures: readonly string[];
  /** GGUF `general.architecture`. */
  ggufArchitecture: string;
  /** @throws ConfigFieldError, UnsupportedConfigError */
  configFromHuggingFace(fields: Fields): ModelConfig;
  /** @throws ConfigFieldError, UnsupportedConfigError */
  configFromGguf(fields: Fields, tensors: TensorEntries): ModelConfig;
  planWeights(config: ModelConfig, format: SourceFormat): PlannedWeight[];
  /** File tensors that may be present and unused since they change no result. */
  harmlessTensors: RegExp;
}
