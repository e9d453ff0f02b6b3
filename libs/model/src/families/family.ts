// What an architecture family must tell: which models are its own, their shape, and where each weight comes from.
// Not the mathematics: components read a ModelConfig and never ask for the architecture's name.

import type { ModelConfig } from '../config.ts';
import type { Fields } from '../fields.ts';
import type { TensorEntries } from '../weights/tensor-entry.ts';

export type SourceFormat = 'huggingface' | 'gguf';

/** A tensor of the file, or a part of one, that becomes one of our weights. Plain data: it may go to another thread. */
export interface StoredTensor {
  /** Its name in the file. */
  tensor: string;
  /** The whole tensor's shape in the file, row-major: mostly [out, in] for a matrix. */
  shape: number[];
  /** The rows that are taken; all by default. Of a vector, its elements. */
  rows?: { start: number; count: number };
  /** The columns that are taken; all by default. */
  columns?: { start: number; count: number };
  /** llama.cpp keeps the rows of Llama's q and k pairwise interleaved within each head of this many rows. */
  interleavedHead?: number;
}

/** One of our weights: what was taken of the file's tensor, transposed where `transpose`, so that matrices are [in, out]. */
export interface PlannedWeight {
  name: string;
  shape: number[];
  stored: StoredTensor;
  transpose: boolean;
  /** Added to every value: 1 where the file has w and the norm multiplies by 1 + w. */
  plus?: number;
}

/** What a GGUF file tells beside its metadata. */
export interface GgufTensors {
  entries: TensorEntries;
  /** Values of `rope_freqs.weight`: what each pair's frequency is divided by; null where there is no such tensor. */
  ropeFactors: readonly number[] | null;
}

export interface Family {
  /** Hugging Face `model_type` and the `architectures` that its mapper understands. */
  modelType: string;
  architectures: readonly string[];
  /** The model from GGUF files of its `general.architecture`; null where llama.cpp has none of its own. */
  gguf: {
    architecture: string;
    /** @throws ConfigFieldError, UnsupportedConfigError */
    config(fields: Fields, tensors: GgufTensors): ModelConfig;
  } | null;
  /** @throws ConfigFieldError, UnsupportedConfigError */
  configFromHuggingFace(fields: Fields): ModelConfig;
  planWeights(config: ModelConfig, format: SourceFormat, tensors: TensorEntries): PlannedWeight[];
  /** File tensors that may be present and unused since they change no result. */
  harmlessTensors: RegExp;
}
