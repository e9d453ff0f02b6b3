/**
 * The metric's gradient at every receiver of a layer, before the layer's norm, as the mean over the points of a path.
 *
 * With out = unit ∘ w the norm's output, W a head's weights and g the gradient at its projection, the gradient at the
 * norm's input is (g · (w ∘ W)ᵀ − unit · a) / scale, a = g · (unit · (w ∘ W)) / width (Zhang and Sennrich 2019). So the mean
 * over points is taken before the product with W, and nothing of [heads, rows of all points, dModel] is ever made.
 * Weights of a layer norm are centred, since its input is.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { scoped } from '@demur/model/engine';
import type { Block, BlockGradients, BlockTape } from '@demur/model/engine';

/** A weight [dModel, heads · dHead] as it reads the norm's unit: w ∘ W, centred for a layer norm. */
function carriedWeight({ ln1 }: Block, weight: Tensor2D): Tensor2D {
  const carried = weight.mul<Tensor2D>(ln1.w.expandDims(1));
  return ln1.kind === 'layer' ? carried.sub(carried.mean(0, true)) : carried;
}

/** A weight [dModel, heads · dHead] as a head's rows: [heads, dHead, dModel]. */
function headRows(weight: Tensor2D, dHead: number): Tensor3D {
  const [dModel, width] = weight.shape;
  return weight.reshape([dModel, width / dHead, dHead]).transpose([1, 2, 0]);
}

/** The points of a path that run together, and how many the mean is over in all. */
export interface PathPoints {
  points: number;
  of: number;
}

/** Σ over a path's points of unit · a: unit [rows · points, dModel], a [rows · points, readers] → [readers, rows, dModel]. */
function alongUnit(unit: Tensor2D, along: Tensor2D, points: number): Tensor3D {
  if (points === 1) return along.transpose().expandDims<Tensor3D>(2).mul(unit);
  const byRow = (x: Tensor2D): Tensor3D => x.reshape([x.shape[0] / points, points, x.shape[1]]);
  return tf.matMul<Tensor3D>(byRow(along), byRow(unit), true).transpose([1, 0, 2]);
}

/** Gradients [S, C, KV, G, D] at one of q, k, v, cells being pairs × points → at the layer's input, [KV · G, rows · dModel]. */
function readers(
  block: Block,
  { unit, scale }: BlockTape['ln1'],
  { gradient, weight, path: { points, of } }: { gradient: Tensor; weight: Tensor2D; path: PathPoints },
): Tensor2D {
  const [s, c, kv, g, dHead] = gradient.shape as [number, number, number, number, number];
  const [width, columns] = weight.shape;
  const [all, rows] = [s * c, (s * c) / points];
  const carried = carriedWeight(block, weight);
  // Each query head reads by columns of its own; the readers of a key/value head share its.
  const heads = columns / dHead;
  const seen = tf.matMul<Tensor2D>(unit, carried).reshape([all, kv, heads / kv, dHead]);
  const scaled = gradient.reshape([all, kv, g, dHead]).div(scale.mul(of).reshape([all, 1, 1, 1]));
  const along = scaled
    .mul(seen)
    .sum(-1)
    .div(width)
    .reshape<Tensor2D>([all, kv * g]);
  const mean = points === 1 ? scaled : scaled.reshape([rows, points, kv * g * dHead]).sum(1);
  const byHead = mean.reshape([rows, kv, g, dHead]).transpose([1, 2, 0, 3]);
  return tf
    .matMul(byHead.reshape<Tensor3D>([heads, -1, dHead]), headRows(carried, dHead))
    .reshape<Tensor3D>([kv * g, rows, width])
    .sub(alongUnit(unit, along, points))
    .reshape([kv * g, rows * width]);
}

/** These points' share of the mean of rows [S · pairs · points, dModel], points varying fastest: [1, S · pairs · dModel]. */
export function meanOverPath(x: Tensor2D, { points, of }: PathPoints): Tensor2D {
  const [rows, width] = x.shape;
  const sum = points === 1 ? x : x.reshape([rows / points, points, width]).sum(1);
  return (of === 1 ? sum : sum.div<Tensor2D>(of)).reshape([1, -1]);
}

/** The gradient at every receiver of a layer, in the graph's order: [receivers, S · pairs · dModel]. */
export function layerReceivers(
  block: Block,
  tape: BlockTape,
  { gradients, path }: { gradients: BlockGradients; path: PathPoints },
): Tensor2D {
  const { q, k, v } = gradients.attn;
  const { W_Q, W_K, W_V } = block.attn;
  const of = (gradient: Tensor, weight: Tensor2D): Tensor2D =>
    scoped(() => readers(block, tape.ln1, { gradient, weight, path }));
  return tf.concat2d([of(q, W_Q), of(k, W_K), of(v, W_V), meanOverPath(gradients.mlpInput, path)], 0);
}
