/** @demur/interp: experiments, from their spec to their result. Without a tensor library: the engine is a process. */
export { loadPairs, type LoadPairsOptions } from './dataset/load-pairs.ts';
export { lintPairs, resolvePairs, type ResolvedDataSet } from './dataset/resolve-pairs.ts';
export type { ResolvedPair } from './dataset/resolved-pair.ts';
export { builtInDescription, builtInNames, builtInPairs } from './dataset/built-in.ts';
export { NoPairsError, PairError } from './dataset/errors.ts';
export { PairFileError } from './dataset/pair-file-error.ts';
export {
  formatPairs,
  pairFormatOf,
  pairFormats,
  parsePairs,
  readPairs,
  type PairFormat,
} from './dataset/pair-files.ts';
export { filledPrompt } from './dataset/slots.ts';
export { pairByLength, type MadePairs, type PromptTemplate, type TemplateLists } from './dataset/template.ts';
export { CancelledError, EngineStoppedError, PoolClosedError } from './engine/errors.ts';
export { MemorySizeError, parseMemorySize } from './engine/memory-budget.ts';
export { openEnginePool, type EnginePool, type EnginePoolOptions } from './engine/pool.ts';
export type { ModelRef } from './engine/protocol.ts';
export { checkModel, type CheckOptions } from './model-check/check-model.ts';
export type { CheckResult, ModelCheck } from './model-check/checks.ts';
export { estimateCost, type CostEstimate } from './cost/estimate-cost.ts';
export { InvalidReferenceError } from './model-check/reference-file.ts';
export { NotFiniteError, UnknownDataSetError } from './errors.ts';
export { CircuitConversionError, CircuitFormatError } from './formats/errors.ts';
export {
  circuitFormats,
  formatOfName,
  readCircuit,
  readGraph,
  readText,
  type CircuitFormat,
  type CircuitFormatName,
} from './formats/circuit-file.ts';
export { readCircuitPath, readRecordFile } from './formats/circuit-path.ts';
export { convertKvHeads } from './formats/kv-heads.ts';
export { mibSubmission, type MibOptions } from './formats/mib.ts';
export { circuitOfResult, recordOfResult, type CircuitResult } from './formats/result-circuit.ts';
export {
  edgeCells,
  edgeName,
  recordedShape,
  strongestFirst,
  type CircuitShape,
  type ScoredCircuit,
} from './formats/scored-circuit.ts';
export { pearson, spearman } from './correlation.ts';
export { buildGraph, type Graph, type KvHeads } from './graph/graph.ts';
export { ascendingOrder, descendingOrder, strengthOrder } from './graph/score-order.ts';
export { metricLabel } from './metrics/describe-metric.ts';
export type { NamedArray } from './named-array.ts';
export { SITE_HEADS, type PatchSite } from './patching/site-names.ts';
export type { RunRecord } from './record.ts';
export type { Completion } from './generation/completions.ts';
export type { ExperimentResult, ResultJson, ResultPair, ResultToken, PromptTokens } from './result.ts';
export {
  prepareExperiment,
  runExperiment,
  tokenizerOf,
  type PreparedExperiment,
  type Progress,
  type RunOptions,
} from './run.ts';
export type { Resumed } from './kept-shards.ts';
export { openShardFolder, type ShardFolder } from './shard-folder.ts';
export type { KeptShard, ShardKey, ShardStore } from './shard-store.ts';
export { decodeSafetensors, encodeSafetensors, InvalidSafetensorsError } from './safetensors.ts';
export {
  availableKinds,
  experimentSpecSchema,
  parseSpec,
  specHash,
  specJsonSchema,
  type ExperimentKind,
  type ExperimentSpec,
} from './spec.ts';
export { REFUSAL_WORDS } from './steering/refusal-words.ts';
export { placedVector, type DirectionPlace } from './direction/found-direction.ts';
export { readResultFolder, type FoundExperiment } from './found-experiment.ts';
export { SpecError, type SpecIssue } from './spec/errors.ts';
export type { PairSpec, PromptSpec, TokenSpec } from './spec/pair.ts';
export { OutputError, reserveOutput, writeResult } from './write-result.ts';
