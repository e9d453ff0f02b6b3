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

/** What of a layer's norm all its readers share, of rows [S · pairs · points, dModel]. */
interface CarriedNorm {
  kind: 'rms' | 'layer';
  /** [dModel, 1]: a weight behind the norm, times this, reads the norm's unit. */
  w: Tensor2D;
  unit: Tensor2D;
  /** unit / dModel. */
  meanUnit: Tensor2D;
  /** The norm's scale times the path's points in all, [S, cells, 1, 1, 1]. */
  scale: Tensor;
}

function carriedNorm({ ln1 }: Block, { unit, scale }: BlockTape['ln1'], { cells, of }: { cells: number; of: number }) {
  const byCell = scale.reshape([-1, cells, 1, 1, 1]);
  return {
    kind: ln1.kind,
    w: ln1.w.expandDims<Tensor2D>(1),
    unit,
    meanUnit: unit.div<Tensor2D>(unit.shape[1]),
    scale: of === 1 ? byCell : byCell.mul(of),
  } satisfies CarriedNorm;
}

/** A weight [dModel, heads · dHead] as it reads the norm's unit: w ∘ W, centred for a layer norm. */
function carriedWeight({ kind, w }: CarriedNorm, weight: Tensor2D): Tensor2D {
  const carried = weight.mul<Tensor2D>(w);
  return kind === 'layer' ? carried.sub(carried.mean(0, true)) : carried;
}

/** Σ over a path's points of unit · a / dModel: a [S, pairs · points, KV, G] → [KV · G, rows, dModel]. */
function alongUnit({ meanUnit }: CarriedNorm, along: Tensor, points: number): Tensor3D {
  const [s, c, kv, g] = along.shape as [number, number, number, number];
  const [all, width] = meanUnit.shape;
  if (points === 1)
    return along
      .transpose([2, 3, 0, 1])
      .reshape<Tensor3D>([kv * g, all, 1])
      .mul(meanUnit);
  const rows = (s * c) / points;
  const byRow = meanUnit.reshape<Tensor3D>([rows, points, width]);
  return tf.matMul<Tensor3D>(along.reshape<Tensor3D>([rows, points, kv * g]), byRow, true).transpose([1, 0, 2]);
}

/** Σ over a path's points of x [S, pairs · points, KV, G, D] → [KV, G, S, pairs, D]. */
function summedOverPath(x: Tensor, points: number): Tensor {
  if (points === 1) return x.transpose([2, 3, 0, 1, 4]);
  const [s, c, kv, g, dHead] = x.shape as [number, number, number, number, number];
  return x
    .reshape([(s * c) / points, points, kv * g * dHead])
    .sum(1)
    .reshape([s, c / points, kv, g, dHead])
    .transpose([2, 3, 0, 1, 4]);
}

/** Gradients [S, C, KV, G, D] at one of q, k, v, cells being pairs × points → at the layer's input, [KV · G, rows · dModel]. */
function readers(
  norm: CarriedNorm,
  gradient: Tensor,
  { weight, points }: { weight: Tensor2D; points: number },
): Tensor2D {
  const [s, c, kv, g, dHead] = gradient.shape as [number, number, number, number, number];
  const [width, columns] = weight.shape;
  const rows = (s * c) / points;
  const carried = carriedWeight(norm, weight);
  // Each query head reads by columns of its own; the readers of a key/value head share its.
  const heads = columns / dHead;
  const seen = tf.matMul<Tensor2D>(norm.unit, carried).reshape([s, c, kv, heads / kv, dHead]);
  const scaled = gradient.div(norm.scale);
  const byHead = summedOverPath(scaled, points).reshape<Tensor3D>([heads, -1, dHead]);
  return tf
    .matMul(byHead, headRows(carried, dHead))
    .reshape<Tensor3D>([kv * g, rows, width])
    .sub(alongUnit(norm, scaled.mul(seen).sum(-1), points))
    .reshape([kv * g, rows * width]);
}

/** These points' share of the mean of rows [S · pairs · points, dModel], points varying fastest: [1, S · pairs · dModel]. */
export function meanOverPath(x: Tensor2D, { points, of }: PathPoints): Tensor2D {
  const [rows, width] = x.shape;
  const sum = points === 1 ? x : x.reshape([rows / points, points, width]).sum(1);
  return (of === 1 ? sum : sum.div<Tensor2D>(of)).reshape([1, -1]);
}

/** The gradient at every receiver of a layer's attention, in the graph's order: queries, keys, values, [receivers, S · pairs · dModel] each. */
export function attentionReceivers(
  block: Block,
  tape: BlockTape,
  { attn: { q, k, v }, path: { points, of } }: { attn: BlockGradients['attn']; path: PathPoints },
): Tensor2D[] {
  const { W_Q, W_K, W_V } = block.attn;
  return scoped(() => {
    const norm = carriedNorm(block, tape.ln1, { cells: q.shape[1] as number, of });
    const at = (gradient: Tensor, weight: Tensor2D): Tensor2D =>
      scoped(() => readers(norm, gradient, { weight, points }));
    return [at(q, W_Q), at(k, W_K), at(v, W_V)];
  });
}
