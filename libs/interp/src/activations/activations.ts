/**
 * Activations, logits and gradients of both prompts of each pair, whole sequences. Pairs of one length run together;
 * results are aligned to the right.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { expandHookPattern } from '@demur/model';
import type { HookName } from '@demur/model';
import type { Run, Transformer } from '@demur/model/engine';
import { logitDifference } from '../metric.ts';
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
  const final = 'ln_final.hook_normalized';
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
    writeMetric(model, run, side, at);
    if (spec.options.gradients) writeGradients(model, tokens, side, at);
  } finally {
    run.dispose();
  }
}

function writeMetric(
  model: Transformer,
  run: Run,
  side: Side,
  { group, arrays }: { group: LengthGroup; arrays: ShardArrays },
): void {
  const metric = logitDifference(model, group.pairs);
  tf.tidy(() => {
    const normalized = run.activations.get('ln_final.hook_normalized') as tf.Tensor3D;
    const [batch, positions, width] = normalized.shape;
    const last = normalized.slice([0, positions - 1, 0], [batch, 1, width]).reshape<tf.Tensor2D>([batch, width]);
    write(arrays, `${side}.metric`, metric.value(last, batch).reshape([batch]), group, []);
  });
}

/** Gradients of the metric's mean over all pairs of the spec. */
function writeGradients(
  model: Transformer,
  tokens: number[][],
  side: Side,
  { group, names, arrays }: { group: LengthGroup; names: HookName[]; arrays: ShardArrays },
): void {
  const metric = logitDifference(model, group.pairs);
  const gradients = model.gradients(tokens, (final) => metric.gradient(final).div(group.pairCount), names);
  for (const [name, gradient] of gradients) write(arrays, `${side}.grad.${name}`, gradient, group, positionAxes(name));
  tf.dispose([...gradients.values()]);
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
    const group = { readings, pairs, columns: shard.columns, shardPairs: placed.length, pairCount: shard.pairCount };
    for (const [j, side] of SIDES.entries()) {
      cancel.throwIfCancelled();
      onProgress(i * SIDES.length + j, lengths.length * SIDES.length);
      runSide(model, side, { spec, group, names: [...new Set(names)], arrays });
      await readings.settle();
    }
  }
  return arrays;
}
