/**
 * One block of the transformer, forward and vector-Jacobian product, on the rows of a batched pass. The forward reads
 * like the figure: norm, attention, add; norm, MLP, add. Not here: the order of blocks, tokens, logits (transformer.ts).
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { attend, attendLast, attendVjp } from './components/attention.ts';
import type { AttentionGradients, AttentionShape, AttentionTrace } from './components/attention.ts';
import { gatedMlpHidden, gatedMlpVjp } from './components/gated-mlp.ts';
import type { GatedMlpTrace, GatedMlpWeights } from './components/gated-mlp.ts';
import { project } from './components/project.ts';
import { lastRows, sliceGroup } from './components/row-groups.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import { rmsNorm, rmsNormVjp } from './components/rms-norm.ts';
import type { RmsNormTrace, RmsNormWeights } from './components/rms-norm.ts';
import { scoped } from './components/scoped.ts';
import type { ModelConfig } from './config.ts';
import type { BlockHook } from './hooks.ts';

export interface Block {
  shape: AttentionShape;
  ln1: RmsNormWeights;
  /** W_Q [dModel, nHeads · dHead], W_K and W_V [dModel, nKvHeads · dHead], W_O [nHeads · dHead, dModel]; biases if any. */
  attn: {
    W_Q: Tensor2D;
    W_K: Tensor2D;
    W_V: Tensor2D;
    W_O: Tensor2D;
    b_Q?: Tensor1D;
    b_K?: Tensor1D;
    b_V?: Tensor1D;
    b_O?: Tensor1D;
  };
  ln2: RmsNormWeights;
  mlp: GatedMlpWeights;
}

/** Looks at activations on their way, and gives back each one or what replaces it. Tensors are in the pass's layout. */
export interface ActivationPoint {
  <T extends Tensor>(hook: BlockHook, activation: T): T;
  /** Whether anybody looks at this hook; asked where showing it costs extra. */
  wants(hook: BlockHook): boolean;
}

const PASS: ActivationPoint = Object.assign(<T extends Tensor>(_hook: BlockHook, activation: T) => activation, {
  wants: () => false,
});

/** Everything a block made on its way; rows as in the pass. */
export interface BlockTrace {
  residPre: Tensor2D;
  ln1: RmsNormTrace;
  /** One entry a row group. */
  attn: AttentionTrace[];
  /** [rows, nHeads · dHead] of all groups. */
  z: Tensor2D;
  attnOut: Tensor2D;
  residMid: Tensor2D;
  ln2: RmsNormTrace;
  mlp: GatedMlpTrace;
  mlpOut: Tensor2D;
  residPost: Tensor2D;
}

function showNorm(norm: 'ln1' | 'ln2', trace: RmsNormTrace, point: ActivationPoint): RmsNormTrace {
  point(`${norm}.hook_scale`, trace.scale);
  return { ...trace, normalized: point(`${norm}.hook_normalized`, trace.normalized) };
}

/** Projects x [rows, dModel] and attends, group by group; `keep` takes of a group's trace what outlives the group. */
function attention<T>(
  block: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  { point, keep }: { point: ActivationPoint; keep: (trace: AttentionTrace) => T },
): T[] {
  const { W_Q, W_K, W_V, b_Q, b_K, b_V } = block.attn;
  const q = point('attn.hook_q', project(x, W_Q, b_Q));
  const k = point('attn.hook_k', project(x, W_K, b_K));
  const v = point('attn.hook_v', project(x, W_V, b_V));
  const points = {
    scores: (scores: tf.Tensor4D) => point('attn.hook_attn_scores', scores),
    pattern: (pattern: tf.Tensor4D) => point('attn.hook_pattern', pattern),
  };
  const of = (projected: Tensor2D, i: number): Tensor2D => sliceGroup(projected, groups, i);
  const owns: KeyValues[] = [];
  return groups.map((group, i) => {
    const visible = { ...group, fixed: [...group.fixed, ...(group.reads ?? []).map((at) => owns[at] as KeyValues)] };
    const { own, kept } = scoped(() => {
      const trace = attend({ q: of(q, i), k: of(k, i), v: of(v, i) }, visible, { shape: block.shape, points });
      return { own: trace.own, kept: keep(trace) };
    });
    owns.push(own);
    return kept;
  });
}

/** z [rows, H·D] → each head's contribution to the residual stream before the sum, [rows, H, dModel]; bias excluded. */
export function headResults(block: Block, z: Tensor2D): Tensor3D {
  const { nHeads, dHead } = block.shape;
  const perHead = z.reshape([z.shape[0], nHeads, dHead]).transpose([1, 0, 2]);
  return tf.matMul(perHead, headOutputs(block)).transpose([1, 0, 2]);
}

/** W_O by head, [nHeads, dHead, dModel]: a view. */
export function headOutputs({ shape, attn }: Block): Tensor3D {
  return attn.W_O.reshape([shape.nHeads, shape.dHead, attn.W_O.shape[1]]);
}

/** The sum of the heads' contributions; through the heads one by one when somebody looks at `hook_result`. */
function attentionOutput(block: Block, z: Tensor2D, point: ActivationPoint): Tensor2D {
  const { W_O, b_O } = block.attn;
  if (!point.wants('attn.hook_result')) return point('hook_attn_out', project(z, W_O, b_O));
  const sum = point('attn.hook_result', headResults(block, z)).sum<Tensor2D>(1);
  return point('hook_attn_out', b_O === undefined ? sum : sum.add(b_O));
}

/**
 * Runs one block: x [rows, dModel] → its trace. Call it inside `tf.tidy`, keeping what is needed.
 * @param groups how the rows attend; the rows of x are theirs, in order.
 */
export function runBlock(
  block: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  point: ActivationPoint = PASS,
): BlockTrace {
  const residPre = point('hook_resid_pre', x);
  const ln1 = showNorm('ln1', rmsNorm(block.ln1, residPre), point);
  const attn = attention(block, ln1.normalized, groups, { point, keep: (trace) => trace });
  const z = point('attn.hook_z', joined(attn.map((trace) => trace.z)));
  const attnOut = attentionOutput(block, z, point);
  const residMid = point('hook_resid_mid', residPre.add<Tensor2D>(attnOut));
  const ln2 = showNorm('ln2', rmsNorm(block.ln2, residMid), point);
  const mlp = gatedMlpHidden(block.mlp, ln2.normalized, (pre) => point('mlp.hook_pre', pre));
  const post = point('mlp.hook_post', mlp.post);
  const mlpOut = point('hook_mlp_out', project(post, block.mlp.W_out, block.mlp.b_out));
  const residPost = point('hook_resid_post', residMid.add<Tensor2D>(mlpOut));
  return { residPre, ln1, attn, z, attnOut, residMid, ln2, mlp: { ...mlp, post }, mlpOut, residPost };
}

/** Rows of the MLP at a time: as many as products run at full speed with; more only take memory. */
const MLP_ROWS = 2048;

/** The second half of a block alone, for rows whose attention output is known: residMid [rows, dModel] → residPost. */
export function runMlp(block: Block, residMid: Tensor2D): Tensor2D {
  const [rows, width] = residMid.shape;
  const some = (start: number, count: number): Tensor2D =>
    scoped(() => {
      const chunk = residMid.slice<Tensor2D>([start, 0], [count, width]);
      const { normalized } = rmsNorm(block.ln2, chunk);
      return chunk.add<Tensor2D>(project(gatedMlpHidden(block.mlp, normalized).post, block.mlp.W_out, block.mlp.b_out));
    });
  const chunks: Tensor2D[] = [];
  for (let start = 0; start < rows; start += MLP_ROWS) chunks.push(some(start, Math.min(MLP_ROWS, rows - start)));
  return joined(chunks);
}

/**
 * Runs one block for its output alone, x [rows, dModel] → residPost: what nobody reads again dies at once, so that
 * passes of many rows fit. With `lastOnly` the output is each group's last position alone, [all groups' cells, dModel].
 */
export function passBlock(
  block: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  { lastOnly = false }: { lastOnly?: boolean } = {},
): Tensor2D {
  return scoped(() => {
    const residMid = scoped(() => {
      const normalized = scoped(() => rmsNorm(block.ln1, x).normalized);
      if (lastOnly) return lastOfGroups(x, groups).add<Tensor2D>(lastAttentionOutput(block, normalized, groups));
      const zs = attention(block, normalized, groups, { point: PASS, keep: (trace) => trace.z });
      return x.add<Tensor2D>(project(joined(zs), block.attn.W_O, block.attn.b_O));
    });
    return runMlp(block, residMid);
  });
}

function joined(parts: Tensor2D[]): Tensor2D {
  return parts.length === 1 ? (parts[0] as Tensor2D) : tf.concat2d(parts, 0);
}

/** Each group's rows at its last position, one group after the other: [all cells, width]. */
function lastOfGroups(x: Tensor2D, groups: readonly RowGroup[]): Tensor2D {
  return joined(groups.map((group, i) => lastRows(sliceGroup(x, groups, i), group)));
}

/** What attention adds at each group's last position: x [rows, dModel], normalized → [all cells, dModel]. */
function lastAttentionOutput(block: Block, x: Tensor2D, groups: readonly RowGroup[]): Tensor2D {
  const { W_Q, W_K, W_V, W_O, b_Q, b_K, b_V, b_O } = block.attn;
  const queries = project(lastOfGroups(x, groups), W_Q, b_Q);
  const keys = project(x, W_K, b_K);
  const values = project(x, W_V, b_V);
  let before = 0;
  const zs = groups.map((group, i) => {
    const q = queries.slice<Tensor2D>([before, 0], [group.cells, queries.shape[1]]);
    before += group.cells;
    const projections = { q, k: sliceGroup(keys, groups, i), v: sliceGroup(values, groups, i) };
    return scoped(() => attendLast(projections, group, block.shape));
  });
  return project(joined(zs), W_O, b_O);
}

/** What the backward pass needs of a trace: of one row group. */
export interface BlockTape {
  ln1: Pick<RmsNormTrace, 'unit' | 'scale'>;
  attn: Pick<AttentionTrace, 'queries' | 'own' | 'pattern'>;
  ln2: Pick<RmsNormTrace, 'unit' | 'scale'>;
  mlp: Pick<GatedMlpTrace, 'pre' | 'linear'>;
}

/** The tape of one group of a traced pass; `rows` takes the group's rows of a tensor of the pass. */
export function tapeOf(
  { ln1, attn, ln2, mlp }: BlockTrace,
  group = 0,
  rows: (x: Tensor2D) => Tensor2D = (x) => x,
): BlockTape {
  const { queries, own, pattern } = attn[group] as AttentionTrace;
  return {
    ln1: { unit: rows(ln1.unit), scale: rows(ln1.scale) },
    attn: { queries, own, pattern },
    ln2: { unit: rows(ln2.unit), scale: rows(ln2.scale) },
    mlp: { pre: rows(mlp.pre), linear: rows(mlp.linear) },
  };
}

/** Bytes of one block's tape for `rows` rows that attend to `keys` keys each. */
export function tapeBytes(config: ModelConfig, rows: number, keys: number): number {
  const { dModel, dMlp, nHeads, nKvHeads, dHead } = config;
  return 4 * rows * (2 * dModel + nHeads * dHead + 2 * nKvHeads * dHead + nHeads * keys + 2 * dMlp);
}

/** Tapes up to this many bytes are kept from the forward pass; beyond it each block runs again in the backward pass. */
export const TAPE_BUDGET_BYTES = 512 * 2 ** 20;

/** Gradients of one block, of a pass with one row group. */
export interface BlockGradients {
  residPre: Tensor2D;
  ln1Normalized: Tensor2D;
  /** Per query head, before the rotation: [KV, G, S, C, D]; rows are (S, C). */
  projections: AttentionGradients;
  z: Tensor2D;
  /** Also the gradient at attn_out. */
  residMid: Tensor2D;
  /** Through the MLP alone: the gradient at the MLP's own input before its norm. */
  mlpInput: Tensor2D;
  ln2Normalized: Tensor2D;
  pre: Tensor2D;
  post: Tensor2D;
}

/** Per-head gradients [KV, G, S, C, D] summed to heads that exist: rows [rows, heads · D]. */
export function projectionRows(gradient: Tensor, kind: 'query' | 'keyValue'): Tensor2D {
  const perHead = kind === 'query' ? gradient : gradient.sum(1, true);
  const [kv, g, s, c, d] = perHead.shape as [number, number, number, number, number];
  return perHead.transpose([2, 3, 0, 1, 4]).reshape([s * c, kv * g * d]);
}

/** Gradient at the attention's normalized input: the sum over its q, k and v products. */
function attentionInputGradient(block: Block, { q, k, v }: AttentionGradients): Tensor2D {
  const { W_Q, W_K, W_V } = block.attn;
  return tf
    .matMul(projectionRows(q, 'query'), W_Q, false, true)
    .add(tf.matMul(projectionRows(k, 'keyValue'), W_K, false, true))
    .add(tf.matMul(projectionRows(v, 'keyValue'), W_V, false, true));
}

/**
 * Vector-Jacobian product of a block: dResidPost [rows, dModel] → gradients at its activations. Keys and values that the
 * group holds fixed are constants. Call it inside `tf.tidy`.
 */
export function blockVjp(block: Block, tape: BlockTape, dResidPost: Tensor2D, group: RowGroup): BlockGradients {
  const post: Tensor2D = tf.matMul(dResidPost, block.mlp.W_out, false, true);
  const { dPre, dIn } = gatedMlpVjp(block.mlp, tape.mlp, post);
  const mlpInput = rmsNormVjp(block.ln2, tape.ln2, dIn);
  const residMid: Tensor2D = dResidPost.add(mlpInput);
  const z: Tensor2D = tf.matMul(residMid, block.attn.W_O, false, true);
  const projections = attendVjp(z, tape.attn, group, block.shape);
  const ln1Normalized = attentionInputGradient(block, projections);
  const residPre: Tensor2D = residMid.add(rmsNormVjp(block.ln1, tape.ln1, ln1Normalized));
  return { residPre, ln1Normalized, projections, z, residMid, mlpInput, ln2Normalized: dIn, pre: dPre, post };
}
