/**
 * The way back through one block: what it needs of the forward pass (its tape), and the vector-Jacobian product. Which
 * blocks keep a tape and which run again is for the caller.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import type { Block, BlockTrace } from './block.ts';
import type { AttentionTape, AttentionTrace } from './components/attention.ts';
import { attendVjp } from './components/attention-vjp.ts';
import type { AttentionGradients } from './components/attention-vjp.ts';
import { mlpVjp } from './components/mlp.ts';
import type { MlpTape } from './components/mlp.ts';
import { normVjp } from './components/norm.ts';
import type { NormTape, NormWeights } from './components/norm.ts';
import { onlyLast } from './components/row-groups.ts';
import type { RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';

/** What the backward pass needs of a trace: of one row group. */
export interface BlockTape {
  ln1: NormTape<Tensor2D>;
  attn: AttentionTape;
  ln1Post?: NormTape<Tensor2D>;
  ln2: NormTape<Tensor2D>;
  mlp: MlpTape;
  ln2Post?: NormTape<Tensor2D>;
}

/** The tape of one group of a traced pass; `rows` takes the group's rows of a tensor of the pass. */
export function tapeOf(
  { ln1, attn, ln1Post, ln2, mlp, ln2Post }: BlockTrace,
  group = 0,
  rows: (x: Tensor2D) => Tensor2D = (x) => x,
): BlockTape {
  const { queries, own, pattern, scores, qNorm, kNorm } = attn[group] as AttentionTrace;
  const ofNorm = ({ unit, scale }: NormTape<Tensor2D>): NormTape<Tensor2D> => ({
    unit: rows(unit),
    scale: rows(scale),
  });
  const ofHeads = ({ unit, scale }: NormTape<tf.Tensor3D>): NormTape<tf.Tensor3D> => ({ unit, scale });
  return {
    ln1: ofNorm(ln1),
    attn: { queries, own, pattern, scores, qNorm: qNorm && ofHeads(qNorm), kNorm: kNorm && ofHeads(kNorm) },
    ln1Post: ln1Post && ofNorm(ln1Post),
    ln2: ofNorm(ln2),
    mlp: { pre: rows(mlp.pre), linear: mlp.linear && rows(mlp.linear) },
    ln2Post: ln2Post && ofNorm(ln2Post),
  };
}

/** Gradients where a block begins. */
export interface InputGradients {
  residPre: Tensor2D;
  ln1Normalized: Tensor2D;
}

/**
 * Gradients of one block, of a pass with one row group. Where that ran for its last position alone, so are these, but for
 * those of keys, values and what is before them.
 */
export interface BlockGradients {
  /** Through the attention's projections and norm: when asked for, since whoever has its receivers' gradients has their sum. */
  atInput(): InputGradients;
  attn: AttentionGradients;
  z: Tensor2D;
  /** At the heads' sum before the post-norm. */
  attnRaw: Tensor2D;
  /** Also the gradient at attn_out. */
  residMid: Tensor2D;
  /** Through the MLP alone: the gradient at the MLP's own input before its norm. */
  mlpInput: Tensor2D;
  ln2Normalized: Tensor2D;
  pre: Tensor2D;
  post: Tensor2D;
}

/** Gradients [S, C, KV, G, D] summed to heads that exist: rows [rows, heads · D]. */
export function projectionRows(gradient: Tensor, kind: 'query' | 'keyValue'): Tensor2D {
  const [positions, cells, , readers] = gradient.shape as [number, number, number, number];
  const heads = kind === 'query' || readers === 1 ? gradient : gradient.sum(3);
  return heads.reshape([positions * cells, -1]);
}

/** Gradient at the attention's normalized input: the sum over its q, k and v products. */
function attentionInputGradient({ attn }: Block, { q, k, v }: AttentionGradients, group: RowGroup): Tensor2D {
  const fromQueries: Tensor2D = tf.matMul(projectionRows(q, 'query'), attn.W_Q, false, true);
  return onlyLast(fromQueries, group)
    .add(tf.matMul(projectionRows(k, 'keyValue'), attn.W_K, false, true))
    .add(tf.matMul(projectionRows(v, 'keyValue'), attn.W_V, false, true));
}

/**
 * Vector-Jacobian product of a block: dResidPost [rows, dModel] → gradients at its activations. Keys and values that the
 * group holds fixed are constants. Call it, and `atInput`, inside one `tf.tidy`.
 * @param options.perQueryHead see AttentionGradients.
 */
export function blockVjp(
  block: Block,
  tape: BlockTape,
  dResidPost: Tensor2D,
  { group, perQueryHead = false }: { group: RowGroup; perQueryHead?: boolean },
): BlockGradients {
  const through = (weights: NormWeights | undefined, of: NormTape | undefined, x: Tensor2D): Tensor2D =>
    weights && of ? normVjp(weights, of, x) : x;
  const mlpRaw = through(block.ln2Post, tape.ln2Post, dResidPost);
  const post: Tensor2D = tf.matMul(mlpRaw, block.mlp.W_out, false, true);
  const { dPre, dIn } = scoped(() => mlpVjp(block.mlp, tape.mlp, post));
  const mlpInput = normVjp(block.ln2, tape.ln2, dIn);
  const residMid: Tensor2D = dResidPost.add(mlpInput);
  const attnRaw = through(block.ln1Post, tape.ln1Post, residMid);
  const z: Tensor2D = tf.matMul(attnRaw, block.attn.W_O, false, true);
  const attn = scoped(() => attendVjp(z, tape.attn, group, { rule: block.attn, perQueryHead }));
  const atInput = (): InputGradients => {
    const ln1Normalized = attentionInputGradient(block, attn, group);
    const residPre: Tensor2D = onlyLast(residMid, group).add(normVjp(block.ln1, tape.ln1, ln1Normalized));
    return { residPre, ln1Normalized };
  };
  return { atInput, attn, z, attnRaw, residMid, mlpInput, ln2Normalized: dIn, pre: dPre, post };
}
