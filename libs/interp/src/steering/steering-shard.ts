/** One shard of a steering experiment: its pairs under every coefficient, the metric, and completions if asked for. */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import type { Transformer } from '@demur/model/engine';
import { completeRows, samplingOf } from '../generation/complete.ts';
import { addCompletions } from '../generation/completions.ts';
import { finalHook } from '../metrics/metric.ts';
import { openMetric } from '../metrics/open-metric.ts';
import type { Readings } from '../readings.ts';
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
  const metric = await openMetric(model, spec.metric, { pairs: shard.pairs, readings: work.readings });
  const final = finalRows(shape[0]! * shape[1]!, model.config.dModel, work.readings);
  const arrays: ShardArrays = {};
  if (options.logits === 'last') arrays['logits_last'] = nanArray([...shape, model.config.dVocab]);
  const made = await completeRows(model, rowsOf(spec, shard), {
    ...{ maxTokens, work, sampling: samplingOf(options, seed), stopTokens: stopTokens as number[] },
    editsOf: (rows) => interventionEdits(options, options.mode === 'add' ? rows.map((row) => row.coefficient) : []),
    onLogits: ({ place }, logits) => arrays['logits_last']?.values.set(logits, place * logits.length),
    capture: {
      names: [finalHook(metric)],
      show: (rows, activations) => final.take(rows, activations.get(finalHook(metric)) as Tensor3D),
    },
  });
  await work.readings.settle();
  const read = (values: Float32Array): void => void (arrays['metric'] = { shape, values: values.slice() });
  tf.tidy(() => work.readings.read(metric.values(final.rows(), shard.pairs.length), read));
  await work.readings.settle();
  if (maxTokens > 0) addCompletions(arrays, shape, made, Math.min(maxTokens, model.config.nCtx));
  return arrays;
}

/** The final residual streams of all rows, as they come: pairs varying fastest, [coefficients · pairs, dModel]. */
function finalRows(count: number, dModel: number, readings: Readings) {
  const all = new Float32Array(count * dModel);
  return {
    /** The last position of resid [rows, position, dModel]. */
    take: (rows: readonly SteeredRow[], resid: Tensor3D): void => {
      const [batch, positions] = resid.shape;
      tf.tidy(() =>
        readings.read(resid.slice([0, positions - 1, 0], [batch, 1, dModel]), (values) => {
          for (const [i, { place }] of rows.entries())
            all.set(values.subarray(i * dModel, (i + 1) * dModel), place * dModel);
        }),
      );
    },
    rows: (): Tensor2D => tf.tensor2d(all, [count, dModel]),
  };
}
