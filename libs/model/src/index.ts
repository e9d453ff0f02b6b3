/** @demur/model without a tensor library: safe on any thread. The engine is the other entry, `@demur/model/engine`. */
export type { Precision } from './backend/backend.ts';
export { backendEnvironment, backendNames, type BackendChoice, type BackendName } from './backend/backend-name.ts';
export { BackendUnavailableError } from './backend/backend-unavailable-error.ts';
export { isLibraryNoise } from './backend/library-noise.ts';
export { probeBackend, probeBackends, type BackendProbe } from './backend/probe-backends.ts';
export type { ModelConfig } from './config.ts';
export type { FinishReason } from './generate.ts';
export { DemurError } from './errors.ts';
export { HubOfflineError } from './hub/errors.ts';
export { parseHubReference, type HubReference } from './hub/reference.ts';
export { checkHubModel, hubReferenceOf, resolveModel, type ResolveOptions } from './hub/resolve-model.ts';
export {
  BLOCK_HOOKS,
  GRADIENT_HOOKS,
  MODEL_HOOKS,
  UnknownHookError,
  blockHook,
  expandHookPattern,
  type BlockHook,
  type HookName,
  type ModelHook,
  type ParsedHookName,
} from './hooks.ts';
export { randomStream } from './random.ts';
export { ConfigFieldError, UnsupportedConfigError } from './fields.ts';
export { planDecoder } from './families/decoder-tensors.ts';
export type { PlannedWeight } from './families/family.ts';
export { UnsupportedArchitectureError } from './families/index.ts';
export { ConfigMissingError, ModelNotFoundError, NotAModelError, openModelSource, type ModelSource } from './source.ts';
export { UnreadableFileError } from './sources/file-errors.ts';
export { cacheFolder, sha256, type ModelIdentity } from './sources/identity.ts';
export { InvalidJsonError } from './sources/read-json.ts';
export { tapeBudget, tapeBytes } from './tape-bytes.ts';
export { TextPieces, textOf } from './text-pieces.ts';
export {
  ChatTemplateFailedError,
  ChatTemplateMissingError,
  InvalidTokenizerError,
  TokenOutOfVocabularyError,
  TokenizerMissingError,
  UnsupportedTokenizerError,
  type ChatMessage,
  type Tokenizer,
} from './tokenizer/tokenizer.ts';
export { MissingTensorError, SurplusTensorError, TensorShapeError } from './weights/check-tensors.ts';
export { UnsupportedGgufError } from './weights/gguf.ts';
export { NonFiniteWeightError } from './weights/decode-rows.ts';
export { type LoadOptions } from './weights/load-weights.ts';
export { PickleRefusedError, WeightsMissingError } from './weights/safetensors-shards.ts';
export { readSafetensorsTensor, TensorNotFoundError } from './weights/safetensors.ts';
export { InvalidHeaderError, TruncatedFileError, UnsupportedElementTypeError } from './weights/tensor-entry.ts';
export { weightShapes, type WeightRecipe } from './weights/model-weights.ts';
export {
  ENGINE_BYTES,
  gigabytes,
  MemoryBudgetError,
  planResidency,
  weightBudget,
  type Residency,
} from './weights/residency.ts';
export { UnknownWeightError, hasWeight, weight, type WeightStore } from './weights/weight-store.ts';
