/** One shard of a steering experiment: its pairs under every coefficient, the metric, and completions if asked for. */
import type { Transformer } from '@demur/model/engine';
import { completeRows, samplingOf } from '../generation/complete.ts';
import { addCompletions } from '../generation/completions.ts';
import { nanArray } from '../right-aligned.ts';
import type { ResolvedPair, Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { interventionEdits } from './interventions.ts';

type SteeringSpec = Extract<ExperimentSpec, { kind: 'steering' }>;

/** A pair under a coefficient; `place` is theirs in arrays [coefficient, pair]. */
interface SteeredRow {
  place: number;
  coefficient: number;
  pair: ResolvedPair;
  prompt: number[];
  stream: number;
}

function rowsOf({ options }: SteeringSpec, { pairs }: Shard): SteeredRow[] {
  return options.coefficients.flatMap((coefficient, c) =>
    pairs.map(({ index, pair }, p) => ({
      ...{ place: c * pairs.length + p, coefficient, pair },
      ...{ prompt: pair[options.run], stream: index },
    })),
  );
}

/** `metric` [coefficient, pair], `logits_last` [coefficient, pair, vocabulary] if asked, and completions. */
export async function steeringShard(
  model: Transformer,
  spec: SteeringSpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { options, seed } = spec;
  const { maxTokens, stopTokens } = options;
  const shape = [options.coefficients.length, shard.pairs.length];
  const metric = nanArray(shape);
  const arrays: ShardArrays = { metric };
  if (options.logits === 'last') arrays['logits_last'] = nanArray([...shape, model.config.dVocab]);
  const made = await completeRows(model, rowsOf(spec, shard), {
    ...{ maxTokens, work, sampling: samplingOf(options, seed), stopTokens: stopTokens as number[] },
    editsOf: (rows) => interventionEdits(options, options.mode === 'add' ? rows.map((row) => row.coefficient) : []),
    onLogits: ({ place, pair }, logits) => {
      metric.values[place] = logits[pair.answer]! - logits[pair.distractor]!;
      arrays['logits_last']?.values.set(logits, place * logits.length);
    },
  });
  if (maxTokens > 0) addCompletions(arrays, shape, made, Math.min(maxTokens, model.config.nCtx));
  return arrays;
}
