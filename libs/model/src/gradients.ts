/**
 * Gradients of a metric at a pass's activations, block by block (the vector-Jacobian products are block-vjp.ts's). Not for
 * passes with hooks: an intervention would cut the way back, and nothing here knows of it.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, TensorContainer } from '@tensorflow/tfjs';
import { passBlock, runBlock } from './block.ts';
import type { Block } from './block.ts';
import { blockVjp, projectionRows, tapeOf } from './block-vjp.ts';
import type { BlockGradients, BlockTape, InputGradients } from './block-vjp.ts';
import { toCanonical } from './canonical.ts';
import { normVjp } from './components/norm.ts';
import { lastRows, onlyLast } from './components/row-groups.ts';
import type { RowGroup } from './components/row-groups.ts';
import { scoped } from './components/scoped.ts';
import type { ModelConfig } from './config.ts';
import { blockHook, requireHooks } from './hooks.ts';
import type { BlockHook, HookName, ModelHook } from './hooks.ts';
import { freeingOnError, hookName, requireSameShape } from './showing.ts';
import { tapeBytes } from './tape-bytes.ts';
import type { Transformer } from './transformer.ts';

/**
 * A metric's gradient: the normalized final residual stream at the last position [batch, dModel] → d metric / d it, of
 * the same shape. A logit difference is linear there: the difference of two rows of W_U.
 */
export type MetricGradient = (finalNormalized: Tensor2D) => Tensor2D;

/**
 * A metric's gradient, either at the normalized final residual stream or, of a metric that reads the residual stream before
 * the final norm (a projection), there: the latter does not pass through the norm.
 */
export type FinalGradient = MetricGradient | { residual: MetricGradient };

/** One layer of the forward pass: its input, and what it made where memory allows to keep that. */
interface LayerRecord {
  input: Tensor2D;
  tape: BlockTape | null;
  /** Whether it ran for the last position alone from the queries on. */
  lastOnly: boolean;
}

interface ForwardRecord {
  group: RowGroup;
  layers: LayerRecord[];
  lowest: number;
  /** At the last position, [cells, dModel]. */
  final: Tensor2D;
}

interface GradientOptions {
  metric: FinalGradient;
  at: readonly HookName[];
  tapeBudgetBytes?: number;
}

/** Whether the last block may run for the last position alone: gradients elsewhere in it are zero, and nobody asks for them. */
function lastPositionWillDo({ nLayers }: ModelConfig, at: readonly HookName[]): boolean {
  const last = blockHook(nLayers - 1, 'hook_resid_pre');
  return at.every(
    (name) => name === last || !(name.startsWith(`blocks.${nLayers - 1}.`) || name.startsWith('ln_final')),
  );
}

/** The lowest layer that a gradient is asked for in: those below are not gone back through. */
function lowestLayer({ nLayers }: ModelConfig, at: readonly HookName[]): number {
  const layers = at.map((name) => (name.startsWith('ln_final') ? nLayers : Number(name.split('.')[1] ?? 0)));
  return Math.min(nLayers, ...layers);
}

function forward(model: Transformer, tokens: readonly (readonly number[])[], options: GradientOptions): ForwardRecord {
  const { at, tapeBudgetBytes = model.tapeBudgetBytes } = options;
  const positions = tokens[0]?.length ?? 0;
  const group = model.group({ cells: tokens.length, start: 0, positions });
  const { nLayers } = model.config;
  const lowest = lowestLayer(model.config, at);
  const bytes = (nLayers - lowest) * tapeBytes(model.config, tokens.length * positions, positions);
  const keepsTapes = bytes <= tapeBudgetBytes;
  const layers: LayerRecord[] = [];
  let resid = model.withPositions(model.embed(tokens), group);
  for (let layer = 0; layer < nLayers; layer++) {
    const input = resid;
    const lastOnly = layer === nLayers - 1 && lastPositionWillDo(model.config, at);
    const run = (block: Block): { residPost: Tensor2D; tape: BlockTape | null } =>
      scoped(() => {
        if (!keepsTapes || layer < lowest)
          return { residPost: passBlock(block, input, [group], { lastOnly }).residPost, tape: null };
        const trace = runBlock(block, input, [group], { lastOnly });
        return { residPost: trace.residPost, tape: tapeOf(trace) };
      });
    const { residPost, tape } = model.withBlock(layer, run, layer + 1 < nLayers ? layer + 1 : layer);
    layers.push({ input, tape, lastOnly });
    resid = residPost;
  }
  return { group, layers, lowest, final: resid };
}

/** The gradient at each activation of a block that has one, in the layout of a pass. */
function gradientAt(
  { attn: rule, ln1Post, ln2Post }: Block,
  gradients: BlockGradients & InputGradients,
  dResidPost: Tensor2D,
): Partial<Record<BlockHook, () => Tensor>> {
  const { attn, attnRaw, residMid } = gradients;
  const eachHead = (x: Tensor2D): Tensor => x.expandDims(1).tile([1, rule.nHeads, 1]);
  return {
    hook_resid_pre: () => gradients.residPre,
    'ln1.hook_normalized': () => gradients.ln1Normalized,
    'attn.hook_q': () => projectionRows(attn.q, 'query'),
    'attn.hook_k': () => projectionRows(attn.k, 'keyValue'),
    'attn.hook_v': () => projectionRows(attn.v, 'keyValue'),
    'attn.hook_attn_scores': () => attn.scores,
    'attn.hook_pattern': () => attn.pattern,
    'attn.hook_z': () => gradients.z,
    'attn.hook_result': () => eachHead(attnRaw),
    ...(ln1Post ? { 'ln1_post.hook_normalized': () => residMid } : {}),
    'attn.hook_result_post': () => eachHead(residMid),
    hook_attn_out: () => residMid,
    hook_resid_mid: () => residMid,
    'ln2.hook_normalized': () => gradients.ln2Normalized,
    'mlp.hook_pre': () => gradients.pre,
    'mlp.hook_post': () => gradients.post,
    ...(ln2Post ? { 'ln2_post.hook_normalized': () => dResidPost } : {}),
    hook_mlp_out: () => dResidPost,
    hook_resid_post: () => dResidPost,
  };
}

type Keep = (hook: BlockHook | ModelHook, layer: number | null, value: () => Tensor) => void;

/** The gradient at the final residual stream of the last position, [cells, dModel]. */
function finalGradient(
  model: Transformer,
  { group, final }: ForwardRecord,
  metric: FinalGradient,
  keep: Keep,
): Tensor2D {
  const last = final.shape[0] === group.cells ? final : lastRows(final, group);
  const atNormalized = (gradient: Tensor2D): void =>
    keep('ln_final.hook_normalized', null, () => onlyLast(gradient, group));
  if (typeof metric !== 'function') {
    const dFinal = metric.residual(last);
    requireSameShape('The metric', last, dFinal);
    atNormalized(tf.zerosLike(last));
    return dFinal;
  }
  const norm = model.finalNorm(last);
  const dNormalized = metric(norm.normalized);
  requireSameShape('The metric', norm.normalized, dNormalized);
  atNormalized(dNormalized);
  return normVjp(model.lnFinal, norm, dNormalized);
}

function backward(model: Transformer, record: ForwardRecord, metric: FinalGradient, keep: Keep): void {
  const { group, layers, lowest } = record;
  // Of the last position; the rows of all are zero before it.
  const dFinal = finalGradient(model, record, metric, keep);
  let dResid = layers.at(-1)?.lastOnly ? dFinal : onlyLast(dFinal, group);
  for (let layer = layers.length - 1; layer >= lowest; layer--) {
    const { input, tape, lastOnly } = layers[layer] as LayerRecord;
    const dResidPost = dResid;
    const run = (block: Block): Tensor2D =>
      scoped(() => {
        const used = tape ?? tapeOf(runBlock(block, input, [group], { lastOnly }));
        const upper = blockVjp(block, used, dResidPost, { group });
        const gradients = { ...upper, ...upper.atInput() };
        for (const [hook, value] of Object.entries(gradientAt(block, gradients, dResidPost)))
          keep(hook as BlockHook, layer, value);
        return gradients.residPre;
      });
    dResid = model.withBlock(layer, run, layer - 1);
    tf.dispose({ dResidPost, input, tape } as object as TensorContainer);
  }
  keep('hook_embed', null, () => dResid);
}

/**
 * Gradients of a metric at the activations named, by name and in canonical shapes; the caller disposes them. The forward
 * pass keeps each block's tape while they fit the budget; beyond it, it keeps their inputs and each block runs
 * again, so that memory holds one block's tape.
 * @throws {UnknownHookError} for an activation that the model does not have, or that has no gradient.
 */
export function gradientsAt(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  options: GradientOptions,
): Map<HookName, Tensor> {
  requireHooks(options.at, model.config, { gradients: true });
  const wanted = new Set<string>(options.at);
  const found = new Map<HookName, Tensor>();
  const { nHeads, nKvHeads, dHead } = model.config;
  freeingOnError(found, () => {
    tf.tidy(() => {
      const record = forward(model, tokens, options);
      const layout = { group: record.group, shape: { nHeads, nKvHeads, dHead } };
      backward(model, record, options.metric, (hook, layer, value) => {
        const name = hookName(hook, layer);
        if (wanted.has(name)) found.set(name, tf.keep(toCanonical(hook, value(), layout)));
      });
    });
  });
  return found;
}
