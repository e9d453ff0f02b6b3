/**
 * The gradient against central differences of the metric along random directions of the residual stream. Neighbouring steps
 * are extrapolated (Richardson), and of those estimates the one is taken that agrees best with the next (Ridders 1982): long
 * steps suffer from the metric's curvature, short ones from float32's rounding, and which matters depends on the model. How far
 * the two still disagree is what the slope itself is uncertain by, and is no fault of the gradient.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs';
import type { HookName } from '@demur/model';
import type { Transformer } from '@demur/model/engine';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import { logitDifference } from '../metrics/logit-difference.ts';
import { withReadings } from '../readings.ts';
import { seededUniform } from './check-pairs.ts';
import type { Measuring } from './measuring.ts';
import { passValues, sampleLayers } from './pass-values.ts';

const DIRECTIONS = 4;

/** Of a position's own root mean square; each half of the one before. */
const STEPS = [0.02, 0.01, 0.005, 0.0025, 0.00125, 0.000625];

/** The most that may be put down to the slopes, as a share of the gradient's size: with more, a wrong gradient could pass. */
const MOST_UNCERTAIN = 1e-2;

/** Multiples of the direction at which the metric is taken: forward and back. */
const MULTIPLES = STEPS.flatMap((step) => [step, -step]);

export async function finiteDifferences({ model, pairs, comparison }: Measuring): Promise<void> {
  const pair = pairs[0]!;
  const layers = sampleLayers(model.config.nLayers);
  const names = layers.map((layer): HookName => `blocks.${layer}.hook_resid_pre`);
  const pass = await passValues(model, [pair.clean], { capture: names, logitsAt: 'none' });
  const gradients = await gradientValues(model, pair, names);
  for (const [i, name] of names.entries()) {
    const at = { pair, layer: layers[i]!, resid: pass.at(name).values };
    comparison.put(name, await slopeError(model, at, gradients.get(name)!));
  }
}

async function gradientValues(
  model: Transformer,
  pair: ResolvedPair,
  names: HookName[],
): Promise<Map<HookName, Float32Array>> {
  const metric = logitDifference(model, [{ pair }]);
  const gradients = model.gradients([pair.clean], metric.finalGradient(1), names);
  const values = new Map<HookName, Float32Array>();
  try {
    await withReadings((readings) => {
      for (const [name, gradient] of gradients) readings.read(gradient, (read) => void values.set(name, read.slice()));
    });
  } finally {
    tf.dispose([...gradients.values()]);
  }
  return values;
}

interface Place {
  pair: ResolvedPair;
  layer: number;
  /** [position, dModel] */
  resid: Float32Array;
}

/**
 * Root mean square over directions u = D n (n normal, D each position's root mean square) of g · u − slope, beyond what the slopes
 * are uncertain by; and the norm of D g: were the gradient off by e, that root is expected to be |D e|.
 */
async function slopeError(model: Transformer, place: Place, gradient: Float32Array) {
  const scales = positionScales(place.resid, model.config.dModel);
  const directions = randomDirections(scales, place.layer);
  const slopes = await centralDifferences(model, place, directions);
  const error = rootMeanSquare(directions.map((direction, i) => dot(gradient, direction) - slopes[i]!.slope));
  const scaled = gradient.map((value, at) => value * scales[at]!);
  const scale = Math.sqrt(dot(scaled, scaled));
  const uncertain = Math.min(rootMeanSquare(slopes.map(({ uncertainty }) => uncertainty)), MOST_UNCERTAIN * scale);
  return { difference: Math.max(0, error - uncertain), scale };
}

interface Slope {
  slope: number;
  /** How far the two estimates that agree best are apart. */
  uncertainty: number;
}

/** Slopes of the metric along each direction, by one pass that starts at the layer. */
async function centralDifferences(
  model: Transformer,
  { pair, layer, resid }: Place,
  directions: Float32Array[],
): Promise<Slope[]> {
  const moved = directions.flatMap((direction) =>
    MULTIPLES.map((step) => resid.map((value, at) => value + step * direction[at]!)),
  );
  const all = new Float32Array(moved.length * resid.length);
  moved.forEach((values, cell) => all.set(values, cell * resid.length));
  const metrics = await metricsFrom(model, { pair, layer, cells: moved.length }, all);
  return directions.map((_, i) => {
    const own = metrics.slice(i * MULTIPLES.length);
    return extrapolated(STEPS.map((step, at) => (own[2 * at]! - own[2 * at + 1]!) / (2 * step)));
  });
}

/** The limit of central differences whose step halves each time. */
function extrapolated(slopes: number[]): Slope {
  const estimates = slopes.slice(1).map((slope, i) => (4 * slope - slopes[i]!) / 3);
  const changes = estimates.slice(1).map((estimate, i) => Math.abs(estimate - estimates[i]!));
  const uncertainty = Math.min(...changes);
  return { slope: estimates[changes.indexOf(uncertainty) + 1] ?? NaN, uncertainty };
}

/** The pair's metric for each of several residual streams [cell, position, dModel] at a layer. */
async function metricsFrom(
  model: Transformer,
  { pair, layer, cells }: { pair: ResolvedPair; layer: number; cells: number },
  values: Float32Array,
): Promise<number[]> {
  const { clean, answer, distractor } = pair;
  const resid: Tensor3D = tf.tensor3d(values, [cells, clean.length, model.config.dModel]);
  try {
    const tokens = Array.from({ length: cells }, () => clean);
    const options = layer === 0 ? replacing(resid) : { startLayer: layer, resid };
    const { logits } = await passValues(model, tokens, { ...options, logitsAt: 'last' });
    const row = (cell: number) => cell * model.config.dVocab;
    return tokens.map((_, cell) => logits!.values[row(cell) + answer]! - logits!.values[row(cell) + distractor]!);
  } finally {
    resid.dispose();
  }
}

/** A pass from the first layer computes its own residual stream, so it is replaced. */
function replacing(resid: Tensor3D) {
  return { hooks: { 'blocks.0.hook_resid_pre': (): Tensor => resid.clone() } };
}

/** Root mean square of each position, an entry for every value of it. */
function positionScales(resid: Float32Array, dModel: number): Float32Array {
  return resid.map((_, at) => {
    const row = resid.subarray(at - (at % dModel), at - (at % dModel) + dModel);
    return Math.sqrt(dot(row, row) / dModel);
  });
}

/** Normal numbers times the scales: Box and Muller 1958. */
function randomDirections(scales: Float32Array, seed: number): Float32Array[] {
  const next = seededUniform(seed + 1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
  return Array.from({ length: DIRECTIONS }, () => scales.map((scale) => scale * normal()));
}

function rootMeanSquare(values: number[]): number {
  return Math.sqrt(dot(values, values) / values.length);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}
