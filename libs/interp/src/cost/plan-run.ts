/**
 * How a run is cut into shards, so that what they hold at a time fits the memory: as many pairs a shard as suit the
 * workers, fewer where memory is scarce. The numbers do not depend on it beyond the rounding of float32.
 */
import { gigabytes, MemoryBudgetError, tapeBudget, type ModelConfig } from '@demur/model';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { EnginePool } from '../engine/pool.ts';
import type { ModelRef } from '../engine/protocol.ts';
import { kindOf } from '../kinds/index.ts';
import { PAIRS_PER_SHARD, planShards, shardsTogether } from '../plan-shards.ts';
import type { PreparedExperiment } from '../run.ts';
import type { Shard } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { memoryAdvice } from './memory-advice.ts';
import { countShard } from './shard-work.ts';
import type { PlannedRun, WorkCount } from './work-count.ts';

/** Pairs a shard of a streamed model, each of which brings the whole model from disk: beyond this the disk is not what it waits for. */
const MOST_STREAMED_PAIRS = 64;

/** What is planned: a prepared experiment's spec and pairs, on a model as the pool has it. */
export interface RunToPlan {
  /** As shards have it: edges by name, directions by value. */
  shardSpec: ExperimentSpec;
  pairs: readonly ResolvedPair[];
  config: ModelConfig;
  model: ModelRef;
  /** Workers that run shards of it at a time. */
  workers: number;
}

/** What there is to plan of an experiment, on the engine of a pool. @throws MemoryBudgetError where no part of the model fits */
export function runToPlan({ shardSpec, source, dataSet }: PreparedExperiment, pool: EnginePool): RunToPlan {
  const model = pool.place(source);
  return { shardSpec, pairs: dataSet.pairs, config: source.config, model, workers: pool.workersFor(model) };
}

/** The shards of a run, in their order, and what each asks of the engine. */
export interface RunPlan {
  shards: Shard[];
  counts: WorkCount[];
  /** What activations take at most, of all workers together. */
  activationBytes: number;
  /** Whether that is within the budget. */
  fits: boolean;
}

/** The plan with the most pairs a shard that fits; with one pair a shard where none does. */
export function planRun(run: RunToPlan): RunPlan {
  const { mode } = run.model.residency;
  const most = Math.min(run.pairs.length, mode === 'streamed' ? MOST_STREAMED_PAIRS : PAIRS_PER_SHARD);
  for (let pairs = most; ; pairs = Math.floor(pairs / 2)) {
    const isDefault = mode === 'resident' && pairs === most;
    const plan = planOf(run, isDefault ? undefined : pairs);
    if (plan.fits || pairs <= 1) return plan;
  }
}

/** The plan, if it fits. @throws MemoryBudgetError naming the need, the budget, and what would fit */
export function requirePlan(run: RunToPlan): RunPlan {
  const plan = planRun(run);
  if (plan.fits) return plan;
  const { budgetBytes, activationBytes } = run.model.residency;
  throw new MemoryBudgetError(
    `this ${run.shardSpec.kind} takes ${gigabytes(plan.activationBytes)} beside the weights, one pair at a time on each of ` +
      `${run.workers} workers, and of ${gigabytes(budgetBytes)} there are ${gigabytes(activationBytes)} for that; ` +
      memoryAdvice(run.shardSpec, budgetBytes + plan.activationBytes - activationBytes),
  );
}

function planOf({ shardSpec, pairs, config, model, workers }: RunToPlan, pairsPerShard: number | undefined): RunPlan {
  const { activationBytes: available } = model.residency;
  const activationBytes = available / workers;
  const planned: PlannedRun = { config, activationBytes, tapeBudgetBytes: tapeBudget(activationBytes), pairs };
  const shards = planShards([...pairs], pairsPerShard);
  const counts = shards.map((shard) => countShard(shardSpec, shard, planned));
  // In a round in which all pairs run at the same time, the workers share them.
  const members = kindOf(shardSpec).together === undefined ? [] : shardsTogether(shards, workers);
  const atOnce = members.length === 0 ? counts : members.map((shard) => countShard(shardSpec, shard, planned));
  const largest = atOnce.map(({ peakBytes }) => peakBytes).sort((a, b) => b - a);
  const together = largest.slice(0, workers).reduce((sum, bytes) => sum + bytes, 0);
  return { shards, counts, activationBytes: together, fits: together <= available };
}
