/** Runs one check on a model, in a worker thread: the one place where a check's name meets what measures it. */
import type { Transformer } from '@demur/model/engine';
import type { ShardArrays, ShardOptions } from '../shard.ts';
import { batching } from './batching.ts';
import type { CheckTask, EngineCheckName } from './checks.ts';
import { Comparison } from './comparison.ts';
import type { Measuring } from './measuring.ts';
import { referenceActivations, referenceGradients } from './reference.ts';
import { causality, cachedPrefix, determinism, finite, startLayer } from './same-results.ts';
import { finiteDifferences } from './slopes.ts';
import { suffix } from './suffix.ts';
import { headSum, residualSum } from './sums.ts';

const measurings: Record<EngineCheckName, (measuring: Measuring) => Promise<void>> = {
  'reference-activations': referenceActivations,
  'reference-gradients': referenceGradients,
  finite,
  determinism,
  batching,
  causality,
  'residual-sum': residualSum,
  'head-sum': headSum,
  'cached-prefix': cachedPrefix,
  'start-layer': startLayer,
  suffix,
  'finite-differences': finiteDifferences,
};

/** What a check measures: a part of it an array [difference, scale]. Leaves no tensor behind, also when it throws. */
export async function executeCheck(
  model: Transformer,
  { check, pairs, references }: CheckTask,
  options: ShardOptions,
): Promise<ShardArrays> {
  const comparison = new Comparison();
  options.cancel.throwIfCancelled();
  await measurings[check]({ model, pairs, references, comparison, ...options });
  return comparison.arrays();
}
