/**
 * What an experiment will take, before it runs: token passes, shards and bytes from its plan, seconds from the plan and the
 * pace of this machine. Nothing is queued and no weights are loaded.
 */
import { setTimeout } from 'node:timers/promises';
import { ENGINE_BYTES, type ModelSource } from '@demur/model';
import { isAcdc } from '../discovery/chosen-circuit.ts';
import type { EnginePool } from '../engine/pool.ts';
import type { ModelRef } from '../engine/protocol.ts';
import type { PreparedExperiment } from '../run.ts';
import type { ExperimentSpec } from '../spec.ts';
import { calibrationOf, type Calibration } from './calibration.ts';
import { memoryAdvice } from './memory-advice.ts';
import { planRun, runToPlan, type RunPlan } from './plan-run.ts';
import { makespan, shardSeconds } from './seconds.ts';

export interface CostEstimate {
  /** Loading and running, one after the other. Null, as its parts, where the engine was too busy to measure its pace. */
  seconds: number | null;
  /** Of bringing the weights into memory, if they are not there yet; 0 for a model that is streamed while it runs. */
  loadSeconds: number | null;
  runSeconds: number | null;
  /** The most that the engine will have in memory: itself, weights, and activations. */
  peakBytes: number;
  weightBytes: number;
  /** What the run holds beside the weights, on all workers together. */
  activationBytes: number;
  /** What the engine may take. */
  budgetBytes: number;
  shards: number;
  /** Tokens that go through the whole model forwards: token-layers over the number of layers. */
  forwardTokens: number;
  backwardTokens: number;
  /** Bytes of weights, as float32, that come from disk while it runs; 0 for a model in memory. */
  diskBytes: number;
  /** Whether the experiment decides on its way how much it does, so that this is the most. */
  isUpperBound: boolean;
  fits: boolean;
  /** Where it does not fit, what would. */
  advice: string | null;
}

export interface EstimateOptions {
  pool: EnginePool;
  /** How long to wait for an engine that is busy; without end unless said. */
  patienceMs?: number;
}

/**
 * The cost of a prepared experiment on an engine. The first call for a model measures, for about a second.
 * @throws MemoryBudgetError where not even two blocks of the model fit, and what ends the measuring: PoolClosedError,
 *   EngineStoppedError.
 */
export async function estimateCost(
  prepared: PreparedExperiment,
  { pool, patienceMs }: EstimateOptions,
): Promise<CostEstimate> {
  const { shardSpec, source } = prepared;
  const run = runToPlan(prepared, pool);
  const { model, workers } = run;
  const plan = planRun(run);
  const pace = await within(calibrationOf(source, pool), patienceMs);
  const { budgetBytes, weightBytes } = model.residency;
  const peakBytes = ENGINE_BYTES + weightBytes + plan.activationBytes;
  return {
    ...(pace === null ? UNMEASURED : secondsOf(plan, source, { model, workers, pace })),
    ...{ peakBytes, weightBytes, activationBytes: plan.activationBytes, budgetBytes },
    shards: plan.shards.length,
    forwardTokens: tokensOf(plan, 'forward', source),
    backwardTokens: tokensOf(plan, 'backward', source),
    diskBytes: diskBytes(plan, source, model),
    isUpperBound: decidesOnItsWay(shardSpec),
    fits: plan.fits,
    advice: plan.fits ? null : memoryAdvice(shardSpec, peakBytes),
  };
}

const UNMEASURED = { seconds: null, loadSeconds: null, runSeconds: null };

/** What it gives in time; else null, and it goes on for the next who asks. */
async function within<T>(work: Promise<T>, ms: number | undefined): Promise<T | null> {
  if (ms === undefined) return work;
  const ended = new AbortController();
  const late = setTimeout(ms, null, { signal: ended.signal }).catch(() => null);
  try {
    return await Promise.race([work, late]);
  } finally {
    ended.abort();
  }
}

/** Token-layers over the number of layers. */
function tokensOf({ counts }: RunPlan, way: 'forward' | 'backward', { config }: Pick<ModelSource, 'config'>): number {
  return counts.reduce((sum, count) => sum + count[way].rows, 0) / config.nLayers;
}

/** A streamed model's blocks come from disk each time that they are gone through, but for those that fill the memory. */
function diskBytes({ counts }: RunPlan, { weightSizes }: ModelSource, { residency }: ModelRef): number {
  if (residency.mode === 'resident') return 0;
  const share = 1 - residency.slots / weightSizes.layers;
  const blocks = counts.reduce((sum, { forward, backward }) => sum + forward.calls + backward.calls, 0) * share;
  const logits = residency.keepsUnembedding ? 0 : counts.reduce((sum, { unembeddings }) => sum + unembeddings, 0);
  return blocks * weightSizes.block + logits * weightSizes.unembedding;
}

interface RunPace {
  model: ModelRef;
  workers: number;
  pace: Calibration;
}

/** A streamed model computes while its next block is read: the slower of the two decides. */
function secondsOf(plan: RunPlan, source: ModelSource, { model, workers, pace }: RunPace) {
  const { config, weightSizes } = source;
  const paced = { config, calibration: pace, blockBytes: weightSizes.block };
  const computing = makespan(
    plan.counts.map((count) => shardSeconds(count, paced)),
    workers,
  );
  const reading = diskBytes(plan, source, model) / pace.bytesPerSecond;
  const loadSeconds = model.residency.mode === 'streamed' ? 0 : weightSizes.all / pace.bytesPerSecond;
  const runSeconds = Math.max(computing, reading);
  return { seconds: loadSeconds + runSeconds, loadSeconds, runSeconds };
}

/** Completions end with a stop token, and edges go untested once what they lead to is gone. */
function decidesOnItsWay(spec: ExperimentSpec): boolean {
  switch (spec.kind) {
    case 'steering':
    case 'generation':
      return spec.options.maxTokens > 1 && spec.options.stopTokens.length > 0;
    case 'circuit-discovery':
      return isAcdc(spec);
    default:
      return false;
  }
}
