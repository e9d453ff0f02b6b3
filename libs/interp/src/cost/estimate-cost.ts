/**
 * What an experiment will take, before it runs: token passes, shards and bytes from its plan, seconds from the plan and the
 * pace of this machine. Nothing is queued and no weights are loaded.
 */
import { ENGINE_BYTES, type ModelSource } from '@demur/model';
import type { EnginePool } from '../engine/pool.ts';
import type { ModelRef } from '../engine/protocol.ts';
import type { PreparedExperiment } from '../run.ts';
import type { ExperimentSpec } from '../spec.ts';
import { calibrationOf, type Calibration } from './calibration.ts';
import { memoryAdvice } from './memory-advice.ts';
import { planRun, type RunPlan } from './plan-run.ts';
import { makespan, shardSeconds } from './seconds.ts';

export interface CostEstimate {
  /** Loading and running, one after the other. */
  seconds: number;
  /** Of bringing the weights into memory, where they are not there yet; 0 for a model that is streamed while it runs. */
  loadSeconds: number;
  runSeconds: number;
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
  /** Bytes of weights, as float32, that are brought from disk while it runs; 0 for a model in memory. */
  diskBytes: number;
  /** Whether the experiment decides on its way how much it does, so that this is the most. */
  isUpperBound: boolean;
  fits: boolean;
  /** Where it does not fit, what would. */
  advice: string | null;
}

/**
 * The cost of a prepared experiment on the engine of `pool`. The first call for a model measures, for about a second.
 * @throws MemoryBudgetError where not even two blocks of the model fit, and what ends the measuring: PoolClosedError,
 *   EngineStoppedError.
 */
export async function estimateCost(prepared: PreparedExperiment, pool: EnginePool): Promise<CostEstimate> {
  const { shardSpec, source, dataSet } = prepared;
  const model = pool.place(source);
  const workers = pool.workersFor(model);
  const plan = planRun({ shardSpec, pairs: dataSet.pairs, config: source.config, model, workers });
  const { loadSeconds, runSeconds } = secondsOf(plan, source, {
    model,
    workers,
    pace: await calibrationOf(source, pool),
  });
  const { budgetBytes, weightBytes } = model.residency;
  const peakBytes = ENGINE_BYTES + weightBytes + plan.activationBytes;
  const isUpperBound = decidesOnItsWay(shardSpec);
  return {
    seconds: loadSeconds + runSeconds,
    ...{ loadSeconds, runSeconds, peakBytes, weightBytes, activationBytes: plan.activationBytes, budgetBytes },
    shards: plan.shards.length,
    forwardTokens: tokensOf(plan, 'forward', source),
    backwardTokens: tokensOf(plan, 'backward', source),
    diskBytes: diskBytes(plan, source, model),
    isUpperBound,
    fits: plan.fits,
    advice: plan.fits ? null : memoryAdvice(shardSpec, peakBytes),
  };
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
  const isStreamed = model.residency.mode === 'streamed';
  return {
    loadSeconds: isStreamed ? 0 : weightSizes.all / pace.bytesPerSecond,
    runSeconds: Math.max(computing, reading),
  };
}

/** Completions end with a stop token; other runs are as long as they are. */
function decidesOnItsWay({ kind, options }: ExperimentSpec): boolean {
  return (kind === 'steering' || kind === 'generation') && options.maxTokens > 1 && options.stopTokens.length > 0;
}
