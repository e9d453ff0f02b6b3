/**
 * One shard of a steering experiment: its pairs under every coefficient, and as they are. The metric, the log odds of refusing
 * by the first token, how far the next token's distribution is from the plain run's, and completions if asked for.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { blockHook } from '@demur/model';
import type { HookName } from '@demur/model';
import type { Activations, Transformer } from '@demur/model/engine';
import { completeRows, samplingOf } from '../generation/complete.ts';
import { addCompletions } from '../generation/completions.ts';
import { finalLogProbs, klDivergenceFrom } from '../metrics/kl-divergence.ts';
import { finalHook } from '../metrics/metric.ts';
import type { Metric } from '../metrics/metric.ts';
import { openMetric } from '../metrics/open-metric.ts';
import { refusalLogOdds } from '../metrics/refusal-log-odds.ts';
import type { TokenSets } from '../metrics/refusal-log-odds.ts';
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

/** Every pair under every coefficient, pairs varying fastest. */
function rowsOf({ options }: SteeringSpec, { pairs }: Shard, coefficients: readonly number[]): SteeredRow[] {
  return coefficients.flatMap((coefficient, c) =>
    pairs.map(({ index, pair }, p) => ({
      ...{ place: c * pairs.length + p, coefficient, pair },
      ...{ prompt: pair[options.run], stream: index },
    })),
  );
}

/**
 * `metric`, `kl` and, where its tokens are known, `log_odds` [coefficient, pair], and the same of the plain run as `baseline.*`
 * [pair]; `logits_last` [coefficient, pair, vocabulary] if asked; completions.
 */
export async function steeringShard(
  model: Transformer,
  spec: SteeringSpec,
  shard: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { options } = spec;
  const { readings } = work;
  const metric = await openMetric(model, spec.metric, { pairs: shard.pairs, readings });
  const tokens = options.refusalTokens as TokenSets | undefined;
  const measures: Record<string, Metric> = { metric, ...(tokens && { log_odds: refusalLogOdds(model, tokens) }) };
  const reading = { model, measures, pairs: shard.pairs.length, readings };
  const { plain, baselines } = await plainRun(spec, shard, { ...reading, work });
  measures['kl'] = klDivergenceFrom(model, plain);
  const swept = await sweep(spec, shard, { ...reading, work });
  return { ...swept, ...baselines };
}

interface Reading {
  model: Transformer;
  /** By the names of their arrays. */
  measures: Record<string, Metric>;
  pairs: number;
  readings: Readings;
}

/** The prompts with nothing done to them: log p of the next token [pair, vocabulary], and `baseline.*` [pair]. */
async function plainRun(
  spec: SteeringSpec,
  shard: Shard,
  { work, ...reading }: Reading & { work: ShardWork },
): Promise<{ plain: Float32Array; baselines: ShardArrays }> {
  const { model, readings, measures, pairs } = reading;
  const finals = new FinalRows(reading, pairs);
  await completeRows(model, rowsOf(spec, shard, [0]), {
    ...{ maxTokens: 0, sampling: undefined, stopTokens: [], editsOf: () => [] },
    work: { cancel: work.cancel, onProgress: () => undefined },
    capture: finals.capture,
  });
  await readings.settle();
  const found = await finals.measured([pairs]);
  const last = finals.rows(lastHook(model));
  try {
    const plain = await finalLogProbs(model, last, readings);
    const names = Object.keys(measures).map((name) => [
      name === 'metric' ? `baseline.${spec.options.run}` : `baseline.${name}`,
      found[name]!,
    ]);
    return { plain, baselines: Object.fromEntries(names) as ShardArrays };
  } finally {
    last.dispose();
  }
}

async function sweep(
  spec: SteeringSpec,
  shard: Shard,
  { work, ...reading }: Reading & { work: ShardWork },
): Promise<ShardArrays> {
  const { options, seed } = spec;
  const { maxTokens, coefficients } = options;
  const { config } = reading.model;
  const shape = [coefficients.length, shard.pairs.length];
  const finals = new FinalRows(reading, shape[0]! * shape[1]!);
  const arrays: ShardArrays = {};
  if (options.logits === 'last') arrays['logits_last'] = nanArray([...shape, config.dVocab]);
  const made = await completeRows(reading.model, rowsOf(spec, shard, coefficients), {
    ...{ maxTokens, work, sampling: samplingOf(options, seed), stopTokens: options.stopTokens as number[] },
    editsOf: (rows) => interventionEdits(options, options.mode === 'add' ? rows.map((row) => row.coefficient) : []),
    onLogits: ({ place }, logits) => arrays['logits_last']?.values.set(logits, place * logits.length),
    capture: finals.capture,
  });
  await reading.readings.settle();
  Object.assign(arrays, await finals.measured(shape));
  if (maxTokens > 0) addCompletions(arrays, shape, made, Math.min(maxTokens, config.nCtx));
  return arrays;
}

/** Where the logits are read from. */
function lastHook({ config }: Transformer): HookName {
  return blockHook(config.nLayers - 1, 'hook_resid_post');
}

/** The residual streams that measures read, of all rows, as they come: pairs varying fastest, [coefficients · pairs, dModel]. */
class FinalRows {
  readonly #reading: Reading;
  readonly #values: Map<HookName, Float32Array>;

  constructor(reading: Reading, count: number) {
    const hooks = new Set([lastHook(reading.model), ...Object.values(reading.measures).map(finalHook)]);
    this.#reading = reading;
    this.#values = new Map([...hooks].map((hook) => [hook, new Float32Array(count * reading.model.config.dModel)]));
  }

  get capture() {
    const show = (rows: readonly SteeredRow[], activations: Activations): void => {
      for (const [hook, into] of this.#values) this.#take(rows, activations.get(hook) as Tensor3D, into);
    };
    return { names: [...this.#values.keys()], show };
  }

  /** The last position of resid [rows, position, dModel]. */
  #take(rows: readonly SteeredRow[], resid: Tensor3D, into: Float32Array): void {
    const [batch, positions, width] = resid.shape;
    tf.tidy(() =>
      this.#reading.readings.read(resid.slice([0, positions - 1, 0], [batch, 1, width]), (values) => {
        for (const [i, { place }] of rows.entries())
          into.set(values.subarray(i * width, (i + 1) * width), place * width);
      }),
    );
  }

  /** The caller disposes it. */
  rows(hook: HookName): Tensor2D {
    const [values, { dModel }] = [this.#values.get(hook)!, this.#reading.model.config];
    return tf.tensor2d(values, [values.length / dModel, dModel]);
  }

  /** Every measure of all rows, as arrays of a shape. */
  async measured(shape: number[]): Promise<ShardArrays> {
    const { measures, pairs, readings } = this.#reading;
    const arrays: ShardArrays = {};
    for (const [name, metric] of Object.entries(measures))
      tf.tidy(() =>
        readings.read(metric.values(this.rows(finalHook(metric)), pairs), (values) => {
          arrays[name] = { shape, values: values.slice() };
        }),
      );
    await readings.settle();
    return arrays;
  }
}
