/**
 * One block of the transformer, forward, on the rows of a batched pass. It reads like the figure: norm, attention, add;
 * norm, MLP, add; Gemma-2 has a norm before each add too. Not here: the way back (block-vjp.ts), the order of blocks,
 * tokens and logits (forward.ts).
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { attend } from './components/attention.ts';
import type { AttentionTrace, AttentionWeights } from './components/attention.ts';
import { mlpHidden } from './components/mlp.ts';
import type { MlpTrace, MlpWeights } from './components/mlp.ts';
import { carry, norm, shownNorm } from './components/norm.ts';
import type { NormTrace, NormWeights } from './components/norm.ts';
import { project } from './components/project.ts';
import { lastRows, sliceGroup } from './components/row-groups.ts';
import type { KeyValues, RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';
import type { BlockHook, NormName } from './hooks.ts';

export interface Block {
  ln1: NormWeights;
  attn: AttentionWeights;
  /** Post-norms: of what attention, and of what the MLP adds. */
  ln1Post?: NormWeights;
  ln2: NormWeights;
  mlp: MlpWeights;
  ln2Post?: NormWeights;
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
  ln1: NormTrace<Tensor2D>;
  /** One entry a row group. */
  attn: AttentionTrace[];
  /** [rows, nHeads · dHead] of all groups. */
  z: Tensor2D;
  /** [rows, dModel], the heads' sum before the post-norm; the same as `attnOut` without one. */
  attnRaw: Tensor2D;
  ln1Post?: NormTrace<Tensor2D>;
  attnOut: Tensor2D;
  residMid: Tensor2D;
  ln2: NormTrace<Tensor2D>;
  mlp: MlpTrace;
  ln2Post?: NormTrace<Tensor2D>;
  mlpOut: Tensor2D;
  residPost: Tensor2D;
}

/** A norm of the block, shown. */
function normAt(name: NormName, weights: NormWeights, x: Tensor2D, point: ActivationPoint): NormTrace<Tensor2D> {
  return shownNorm(weights, x, (part, of) => point(`${name}.hook_${part}`, of));
}

/** Projects x [rows, dModel] and attends, group by group; `keep` takes of a group's trace what outlives the group. */
function attention<T>(
  { attn }: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  options: { point: ActivationPoint; keep: (trace: AttentionTrace) => T; lastOnly: boolean },
): T[] {
  const { point, keep, lastOnly } = options;
  const asking = lastOnly ? groups.map((group) => ({ ...group, positions: 1 })) : groups;
  const q = point('attn.hook_q', project(lastOnly ? lastOfGroups(x, groups) : x, attn.W_Q, attn.b_Q));
  const k = point('attn.hook_k', project(x, attn.W_K, attn.b_K));
  const v = point('attn.hook_v', project(x, attn.W_V, attn.b_V));
  const points = {
    scores: (scores: tf.Tensor4D) => point('attn.hook_attn_scores', scores),
    pattern: (pattern: tf.Tensor4D) => point('attn.hook_pattern', pattern),
  };
  const of = (projected: Tensor2D, i: number): Tensor2D => sliceGroup(projected, groups, i);
  const owns: KeyValues[] = [];
  return groups.map((group, i) => {
    const visible = { ...group, fixed: [...group.fixed, ...(group.reads ?? []).map((at) => owns[at] as KeyValues)] };
    const { own, kept } = scoped(() => {
      const projections = { q: sliceGroup(q, asking, i), k: of(k, i), v: of(v, i) };
      const trace = attend(projections, visible, { rule: attn, points });
      return { own: trace.own, kept: keep(trace) };
    });
    owns.push(own);
    return kept;
  });
}

/**
 * z [rows, H·D] → each head's contribution to what W_O's product sums, [H, rows, dModel]; bias excluded.
 * @param heads by default the query heads; as many as key/value heads for the sums over those that read one.
 */
export function headResults({ attn: { nHeads, W_O } }: Block, z: Tensor2D, heads = nHeads): Tensor3D {
  const [width, dModel] = W_O.shape;
  const perHead = z.reshape<Tensor3D>([z.shape[0], heads, width / heads]).transpose<Tensor3D>([1, 0, 2]);
  return tf.matMul(perHead, W_O.reshape<Tensor3D>([heads, width / heads, dModel]));
}

/** The heads' sum, from what a hook made of their contributions [rows, H, dModel]. */
function sumOfHeads({ attn: { b_O } }: Block, results: Tensor3D): Tensor2D {
  const sum = results.sum<Tensor2D>(1);
  return b_O === undefined ? sum : sum.add(b_O);
}

/** From z to what attention adds; head by head only where somebody looks. */
function attentionOutput(
  block: Block,
  z: Tensor2D,
  point: ActivationPoint,
): Pick<BlockTrace, 'attnRaw' | 'ln1Post' | 'attnOut'> {
  const { attn, ln1Post: weights } = block;
  const after = (raw: Tensor2D): Pick<BlockTrace, 'ln1Post' | 'attnOut'> => {
    const ln1Post = weights && normAt('ln1_post', weights, raw, point);
    return { ln1Post, attnOut: ln1Post?.normalized ?? raw };
  };
  const sum = project(z, attn.W_O, attn.b_O);
  if (!point.wants('attn.hook_result') && !point.wants('attn.hook_result_post')) {
    const { ln1Post, attnOut } = after(sum);
    return { attnRaw: sum, ln1Post, attnOut: point('hook_attn_out', attnOut) };
  }
  const parts = headResults(block, z).transpose<Tensor3D>([1, 0, 2]);
  const results = point('attn.hook_result', parts);
  const attnRaw = results === parts ? sum : sumOfHeads(block, results);
  const { ln1Post, attnOut } = after(attnRaw);
  const carried = weights && ln1Post ? carry(weights, { scale: ln1Post.scale.expandDims(1) }, results) : results;
  const shown = point('attn.hook_result_post', carried);
  const changed = shown === carried ? attnOut : attnOut.add<Tensor2D>(shown.sub(carried).sum(1));
  return { attnRaw, ln1Post, attnOut: point('hook_attn_out', changed) };
}

/** From the normalized residual stream to what the MLP adds. */
function mlpOutput(
  { mlp: weights, ln2Post: postWeights }: Block,
  x: Tensor2D,
  point: ActivationPoint,
): Pick<BlockTrace, 'mlp' | 'ln2Post' | 'mlpOut'> {
  const mlp = mlpHidden(weights, x, (pre) => point('mlp.hook_pre', pre));
  const post = point('mlp.hook_post', mlp.post);
  const raw = project(post, weights.W_out, weights.b_out);
  const ln2Post = postWeights && normAt('ln2_post', postWeights, raw, point);
  return { mlp: { ...mlp, post }, ln2Post, mlpOut: point('hook_mlp_out', ln2Post?.normalized ?? raw) };
}

/**
 * Runs one block: x [rows, dModel] → its trace. Call it inside `tf.tidy`, keeping what is needed.
 * @param groups how the rows attend; the rows of x are theirs, in order.
 * @param options.lastOnly queries, and all that comes after them, are of each group's last position: [all cells, ...].
 */
export function runBlock(
  block: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  { point = PASS, lastOnly = false }: { point?: ActivationPoint; lastOnly?: boolean } = {},
): BlockTrace {
  const residPre = point('hook_resid_pre', x);
  const ln1 = normAt('ln1', block.ln1, residPre, point);
  const attn = attention(block, ln1.normalized, groups, { point, keep: (trace) => trace, lastOnly });
  const z = point('attn.hook_z', joined(attn.map((trace) => trace.z)));
  const output = attentionOutput(block, z, point);
  const before = lastOnly ? lastOfGroups(residPre, groups) : residPre;
  const residMid = point('hook_resid_mid', before.add<Tensor2D>(output.attnOut));
  const ln2 = normAt('ln2', block.ln2, residMid, point);
  const mlp = mlpOutput(block, ln2.normalized, point);
  const residPost = point('hook_resid_post', residMid.add<Tensor2D>(mlp.mlpOut));
  return { residPre, ln1, attn, z, ...output, residMid, ln2, ...mlp, residPost };
}

/**
 * What attention adds, from the heads' sum with the bias: through the post-norm where there is one. Leading axes beyond
 * [rows, dModel] are independent.
 */
export function addedByAttention<T extends Tensor>({ ln1Post }: Pick<Block, 'ln1Post'>, attnRaw: T): T {
  return ln1Post ? norm(ln1Post, attnRaw).normalized : attnRaw;
}

/** Rows of the MLP at a time: as many as products run at full speed with; more only take memory. */
const MLP_ROWS = 2048;

/** `of` some rows at a time, its results [rows, dModel] joined. */
function byMlpRows(residMid: Tensor2D, of: (rows: Tensor2D) => Tensor2D): Tensor2D {
  const [rows, width] = residMid.shape;
  const chunks: Tensor2D[] = [];
  for (let start = 0; start < rows; start += MLP_ROWS) {
    const count = Math.min(MLP_ROWS, rows - start);
    chunks.push(scoped(() => of(residMid.slice<Tensor2D>([start, 0], [count, width]))));
  }
  return joined(chunks);
}

/** What the MLP adds to the residual stream, of what it reads of it: residMid [rows, dModel] → [rows, dModel]. */
export function addedByMlp(block: Block, residMid: Tensor2D): Tensor2D {
  return byMlpRows(residMid, (rows) => mlpOutput(block, norm(block.ln2, rows).normalized, PASS).mlpOut);
}

/** The second half of a block alone, for rows whose attention output is known: residMid [rows, dModel] → residPost. */
export function runMlp(block: Block, residMid: Tensor2D): Tensor2D {
  return byMlpRows(residMid, (rows) => rows.add<Tensor2D>(addedByMlp(block, rows)));
}

/**
 * Runs one block for its output alone, x [rows, dModel] → residPost: what nobody reads again dies at once, so that
 * passes of many rows fit. With `lastOnly` the output is each group's last position alone, [all groups' cells, dModel].
 * With `keepKeyValues`, `own` are each group's own keys and values; else it is empty.
 */
export function passBlock(
  block: Block,
  x: Tensor2D,
  groups: readonly RowGroup[],
  options: { lastOnly?: boolean; keepKeyValues?: boolean } = {},
): { residPost: Tensor2D; own: KeyValues[] } {
  const { lastOnly = false, keepKeyValues = false } = options;
  return scoped(() => {
    const { residMid, own } = scoped(() => {
      const { normalized } = scoped(() => ({ normalized: norm(block.ln1, x).normalized }));
      const keep = ({ z, own }: AttentionTrace) => ({ z, own: keepKeyValues ? [own] : [] });
      const attended = attention(block, normalized, groups, { point: PASS, keep, lastOnly });
      const z = joined(attended.map((group) => group.z));
      const added = addedByAttention(block, project(z, block.attn.W_O, block.attn.b_O));
      const before = lastOnly ? lastOfGroups(x, groups) : x;
      return { residMid: before.add<Tensor2D>(added), own: attended.flatMap((group) => group.own) };
    });
    return { residPost: runMlp(block, residMid), own };
  });
}

function joined(parts: Tensor2D[]): Tensor2D {
  return parts.length === 1 ? (parts[0] as Tensor2D) : tf.concat2d(parts, 0);
}

/** Each group's rows at its last position, one group after the other: [all cells, width]. */
function lastOfGroups(x: Tensor2D, groups: readonly RowGroup[]): Tensor2D {
  return joined(groups.map((group, i) => lastRows(sliceGroup(x, groups, i), group)));
}
