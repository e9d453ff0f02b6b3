/**
 * Activations, logits and gradients of both prompts of each pair, whole sequences. Pairs of one length run together;
 * results are aligned to the right.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { expandHookPattern } from '@demur/model';
import type { HookName } from '@demur/model';
import type { Run, Transformer } from '@demur/model/engine';
import { openMetric } from '../metrics/open-metric.ts';
import { finalHook } from '../metrics/metric.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import { nanArray, placeRight } from '../right-aligned.ts';
import type { Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import type { PlacedPair } from '../suffix/pair-block.ts';
import type { Side } from '../suffix/pair-runs.ts';

type ActivationsSpec = Extract<ExperimentSpec, { kind: 'activations' }>;

const SIDES: readonly Side[] = ['clean', 'corrupted'];

/** Pairs of one length, and what their results are written to. */
interface LengthGroup {
  readings: Readings;
  pairs: PlacedPair[];
  metric: Metric;
  columns: number;
  shardPairs: number;
  pairCount: number;
}

/** Axes over positions of a canonical activation, counted after the pair axis. */
function positionAxes(name: string): number[] {
  return /hook_(pattern|attn_scores)$/.test(name) ? [1, 2] : [0];
}

/** Writes a batch's tensor [batch, ...] to its pairs' places in the array `name`. */
function write(arrays: ShardArrays, name: string, tensor: Tensor, group: LengthGroup, axes: number[]): void {
  const shape = tensor.shape.slice(1);
  const whole = shape.map((size, axis) => (axes.includes(axis) ? group.columns : size));
  const target = (arrays[name] ??= nanArray([group.shardPairs, ...whole]));
  const size = shape.reduce((a, b) => a * b, 1);
  group.readings.read(tensor, (values) => {
    for (const [i, { place }] of group.pairs.entries()) {
      placeRight(target, place, { values: values.subarray(i * size, (i + 1) * size), shape, positionAxes: axes });
    }
  });
}

/** Runs one side of one length and writes what the spec asks for. */
function runSide(
  model: Transformer,
  side: Side,
  at: { spec: ActivationsSpec; group: LengthGroup; names: HookName[]; arrays: ShardArrays },
): void {
  const { spec, group, names, arrays } = at;
  const { logits } = spec.options;
  const tokens = group.pairs.map(({ pair }) => pair[side]);
  const final = finalHook(group.metric);
  const run = model.forward(tokens, { capture: [...new Set([...names, final] as const)], logitsAt: logits });
  try {
    for (const name of names)
      write(arrays, `${side}.${name}`, run.activations.get(name) as Tensor, group, positionAxes(name));
    if (run.logits) {
      write(
        arrays,
        `${side}.logits${logits === 'last' ? '_last' : ''}`,
        run.logits,
        group,
        logits === 'all' ? [0] : [],
      );
    }
    writeMetric(run, side, at);
    if (spec.options.gradients) writeGradients(model, run, { tokens, side, ...at });
  } finally {
    run.dispose();
  }
}

function writeMetric(run: Run, side: Side, { group, arrays }: { group: LengthGroup; arrays: ShardArrays }): void {
  tf.tidy(() => {
    const resid = run.activations.get(finalHook(group.metric)) as tf.Tensor3D;
    const [batch, positions, width] = resid.shape;
    const last = resid.slice([0, positions - 1, 0], [batch, 1, width]).reshape<tf.Tensor2D>([batch, width]);
    write(arrays, `${side}.metric`, group.metric.values(last, batch).reshape([batch]), group, []);
  });
}

/** Gradients of the metric's mean over all pairs of the spec; zero after the layer that a metric reads. */
function writeGradients(
  model: Transformer,
  run: Run,
  at: { tokens: number[][]; side: Side; group: LengthGroup; names: HookName[]; arrays: ShardArrays },
): void {
  const { metric, pairCount } = at.group;
  const before = model.firstLayers(metric.layers);
  const reached = at.names.filter((name) => isWithin(name, before.config.nLayers, model.config.nLayers));
  const gradients = before.gradients(at.tokens, metric.finalGradient(1 / pairCount), reached);
  tf.tidy(() => {
    for (const name of at.names) {
      const gradient = gradients.get(name) ?? tf.zerosLike(run.activations.get(name) as Tensor);
      write(at.arrays, `${at.side}.grad.${name}`, gradient, at.group, positionAxes(name));
    }
  });
  tf.dispose([...gradients.values()]);
}

/** Whether an activation is within the first `layers` of a model of `nLayers`; the final norm is after them all. */
function isWithin(name: HookName, layers: number, nLayers: number): boolean {
  if (layers === nLayers || name === 'hook_embed') return true;
  return name.startsWith('blocks.') && Number(name.split('.')[1]) < layers;
}

/** Everything that an activations spec asks for, of one shard's pairs. */
export async function activationsShard(
  model: Transformer,
  spec: ActivationsSpec,
  shard: Shard,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const arrays: ShardArrays = {};
  const names = spec.options.names.flatMap((name) => expandHookPattern(name, model.config).map((hook) => hook.name));
  const placed = shard.pairs.map(({ pair }, place) => ({ place, pair }));
  const lengths = [...Map.groupBy(placed, ({ pair }) => pair.clean.length).values()];
  for (const [i, pairs] of lengths.entries()) {
    const metric = await openMetric(model, spec.metric, { pairs, readings });
    const size = { columns: shard.columns, shardPairs: placed.length, pairCount: shard.pairCount };
    const group = { readings, pairs, metric, ...size };
    for (const [j, side] of SIDES.entries()) {
      cancel.throwIfCancelled();
      onProgress(i * SIDES.length + j, lengths.length * SIDES.length);
      runSide(model, side, { spec, group, names: [...new Set(names)], arrays });
      await readings.settle();
    }
  }
  return arrays;
}
