/** An experiment from its spec to its result: pairs to tokens, tokens to shards, shards to the engine, arrays merged. */
import {
  DemurError,
  openModelSource,
  resolveModel,
  TokenizerMissingError,
  type ModelSource,
  type Tokenizer,
} from '@demur/model';
import { requireRoom } from './attribution/kept-scores.ts';
import { requirePlan, runToPlan } from './cost/plan-run.ts';
import { readGivenArrays } from './circuit-runs/given-arrays.ts';
import { loadPairs } from './dataset/load-pairs.ts';
import { requireRoles } from './dataset/require-roles.ts';
import { resolvePairs, type ResolvedDataSet } from './dataset/resolve-pairs.ts';
import { inlineEdges, readEdges } from './edges/edge-list.ts';
import type { EnginePool } from './engine/pool.ts';
import type { ModelRef } from './engine/protocol.ts';
import { NotFiniteError } from './errors.ts';
import type { ResolveDirection } from './direction/found-direction.ts';
import { specPlaces, type ResolveExperiment, type ResolveFile } from './found-experiment.ts';
import { stopTokensOf } from './generation/stop-tokens.ts';
import { openKeptShards, type KeptShards, type Resumed } from './kept-shards.ts';
import { kindOf } from './kinds/index.ts';
import { metricTokensOf } from './metrics/metric-tokens.ts';
import type { NamedArray } from './named-array.ts';
import { runRecord } from './record.ts';
import { resultJson, type ExperimentResult } from './result.ts';
import { runKey } from './run-key.ts';
import { keptShardCount, runRounds } from './run-rounds.ts';
import type { Shard } from './shard.ts';
import type { ShardStore } from './shard-store.ts';
import { requireFit } from './spec/fit.ts';
import type { PairSpec } from './spec/pair.ts';
import type { ExperimentSpec } from './spec.ts';
import { refusalTokensOf } from './steering/refusal-tokens.ts';
import { readRefusalWords, refusalWarnings } from './steering/refusal-words.ts';
import { readDirections, type Directions } from './steering/directions.ts';
import { timeSpent } from './time-spent.ts';

/** How far a run is. `load`: part of the weights; `run`: shards, one that is under way counting by its steps. */
export interface Progress {
  stage: 'load' | 'run' | 'merge';
  done: number;
  total: number;
}

export interface RunOptions {
  pool: EnginePool;
  /** From the spec's `model` to a path; by default it is one, or a Hub id, which is downloaded. */
  resolveModel?: (name: string) => Promise<string>;
  /** From the name of a data set to its pairs, undefined for one that comes with the project; by default those alone have names. */
  resolvePairs?: (name: string) => Promise<PairSpec[] | undefined>;
  /** From a file that the spec names to a path that may be read; by default relative to the working directory. */
  resolveFile?: ResolveFile;
  /** From what the spec calls an experiment, of a direction, scores or a circuit, to what that gave; by default the folder of a result. */
  resolveExperiment?: ResolveExperiment;
  /** From the name of a direction to where it was found; by default none has a name. */
  resolveDirection?: ResolveDirection;
  /** What `prepareExperiment` gave for this spec, where it has been called already. */
  prepared?: PreparedExperiment;
  /** Where shards are kept from one run to the next, as they are finished. `clear` it once the result is in safety. */
  shards?: ShardStore;
  /** Called before anything runs, where shards are taken from an earlier run. */
  onResume?: (resumed: Resumed) => void;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/**
 * Runs an experiment. Everything that can be refused is refused before the first pass.
 * Throws `SpecError`, `PairError` or the model's own errors for bad input, `MemoryBudgetError` for what does not fit the
 * engine's memory, `CancelledError` when `signal` aborts.
 */
export async function runExperiment(given: ExperimentSpec, options: RunOptions): Promise<ExperimentResult> {
  const startedAt = new Date().toISOString();
  const prepared = options.prepared ?? (await prepareExperiment(given, options));
  const { spec, source, tokenizer, dataSet } = prepared;
  const model = options.pool.place(source);
  const { shards } = requirePlan(runToPlan(prepared, options.pool));
  const kept = await openKept(prepared, { model, shards, startedAt, options });
  const { resumed } = kept;
  if (resumed !== undefined) options.onResume?.(resumed);
  const { pool, signal, onProgress } = options;
  const rounds = { pool, model, shards, kept, signal, onProgress };
  const { arrays, stints } = await finiteRounds(prepared, rounds).catch((error: unknown) =>
    clearIfHopeless(kept, error),
  );
  options.onProgress?.({ stage: 'merge', done: 0, total: 1 });
  const directions = prepared.directions.length === 0 ? {} : { directions: prepared.directions };
  const measures = {
    ...{ ...directions, warnings: dataSet.warnings, startedAt },
    ...{ ...(resumed && { resumed }), ...timeSpent(stints) },
  };
  const record = await runRecord(spec, { source, pool: options.pool, model, measures });
  const own = await kindOf(spec).summarise?.(spec, arrays, {
    ...{ shardSpec: prepared.shardSpec, config: source.config, tokenizer },
    ...{ pairCount: dataSet.pairs.length, signal: options.signal },
  });
  options.onProgress?.({ stage: 'merge', done: 1, total: 1 });
  return { arrays, result: resultJson({ spec, pairs: dataSet.pairs, tokenizer, own: own ?? {}, record }) };
}

/** What earlier runs have kept of this one. Its key is needed only where there is a store. */
async function openKept(
  prepared: PreparedExperiment,
  { model, shards, startedAt, options }: { model: ModelRef; shards: Shard[]; startedAt: string; options: RunOptions },
): Promise<KeptShards> {
  const { pool, shards: store } = options;
  const key = store === undefined ? '' : await runKey(prepared, { pool, model, shards });
  return openKeptShards({ store, key, total: keptShardCount(prepared, shards), startedAt });
}

/** A spec with its model opened and its pairs tokenised and checked: ready to run. */
export interface PreparedExperiment {
  /** As it was given, with the pairs of its file and the hash of every direction's values: what was read is part of it. */
  spec: ExperimentSpec;
  /** What shards run: directions by value, edges by name, stop tokens by id; without the pairs, which each shard carries. */
  shardSpec: ExperimentSpec;
  /** Arrays that were read from files, which the shards are given as if a round before the first had made them. */
  given: Record<string, NamedArray>;
  directions: Directions['records'];
  source: ModelSource;
  tokenizer: Tokenizer | null;
  dataSet: ResolvedDataSet;
}

/** Where what a spec names is found. */
type PrepareOptions = Pick<
  RunOptions,
  'resolveModel' | 'resolvePairs' | 'resolveFile' | 'resolveExperiment' | 'resolveDirection' | 'signal'
>;

/** Opens the model's headers and tokenizer, and checks the spec against them. Needs no engine. */
export async function prepareExperiment(
  spec: ExperimentSpec,
  options: PrepareOptions = {},
): Promise<PreparedExperiment> {
  const resolve = options.resolveModel ?? ((name: string) => resolveModel(name, { signal: options.signal }));
  const source = await openModelSource(await resolve(spec.model));
  const tokenizer = await tokenizerOf(source);
  const { pairs, notes } = await loadPairs(spec.pairs, { ...options, tokenizer, seed: spec.seed });
  const dataSet = resolvePairs(pairs, { config: source.config, tokenizer });
  dataSet.warnings.unshift(...notes);
  requireFit(spec, {
    config: source.config,
    columns: Math.max(...dataSet.pairs.map(({ clean }) => clean.length)),
  });
  requireRoles(spec, dataSet.pairs);
  requireRoom(spec, source.config, dataSet.pairs);
  const worded = await readRefusalWords(spec, options.resolveFile);
  dataSet.warnings.push(...refusalWarnings(spec, tokenizer !== null));
  const places = specPlaces({ ...options, source });
  const edges = await readEdges(worded, places);
  const circuits = await readGivenArrays(edges.pinned, places);
  const { pinned, inlined, records } = await readDirections(circuits.pinned, places, options.resolveDirection);
  const vocabulary = { config: source.config, tokenizer };
  const shardSpec = {
    ...inlineEdges(withTokenIds(inlined, vocabulary), edges.names),
    pairs: [],
  };
  const held = typeof spec.pairs === 'object' ? { ...pinned, pairs } : pinned;
  return { spec: held, shardSpec, given: circuits.given, directions: records, source, tokenizer, dataSet };
}

/** Every token that options and metric name, by id; those of refusing are found where none are named. */
function withTokenIds(
  spec: ExperimentSpec,
  vocabulary: Pick<PreparedExperiment, 'tokenizer'> & Pick<ModelSource, 'config'>,
) {
  return [stopTokensOf, refusalTokensOf, metricTokensOf].reduce((own, byId) => byId(own, vocabulary), spec);
}

/** The model's tokenizer; null for a model without one, which runs on token ids. */
export async function tokenizerOf(source: ModelSource): Promise<Tokenizer | null> {
  try {
    return await source.loadTokenizer();
  } catch (error) {
    if (error instanceof TokenizerMissingError) return null;
    throw error;
  }
}

/** Their last axis is the pairs. */
const metricArrays = ['baseline.clean', 'baseline.corrupted', 'clean.metric', 'corrupted.metric', 'metric'];

const NO_VALUES: NamedArray = { shape: [0], values: new Float32Array(0) };

async function finiteRounds(...rounds: Parameters<typeof runRounds>): ReturnType<typeof runRounds> {
  const found = await runRounds(...rounds);
  requireFinite(found.arrays);
  return found;
}

/** What is kept of a run whose numbers are none would only bring the same ones again. */
async function clearIfHopeless(kept: KeptShards, error: unknown): Promise<never> {
  if (error instanceof DemurError && error.code === 'NOT_FINITE') await kept.clear();
  throw error;
}

/** A metric that is NaN or infinite makes every number of its pair meaningless. */
function requireFinite(arrays: Record<string, NamedArray>): void {
  for (const name of metricArrays) {
    const { shape, values } = arrays[name] ?? NO_VALUES;
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at >= 0) throw new NotFiniteError(`pairs[${at % shape.at(-1)!}]`, name, values[at]!);
  }
  for (const name of ['scores', 'effects', 'check.effects']) {
    const value = arrays[name]?.values.find((value) => !Number.isFinite(value));
    if (value !== undefined) throw new NotFiniteError('pairs', name, value);
  }
}
