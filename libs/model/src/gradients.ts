/**
 * Gradients of a metric at a pass's activations, block by block (the vector-Jacobian products are block.ts's). Not for
 * passes with hooks: an intervention would cut the way back, and nothing here knows of it.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D } from '@tensorflow/tfjs';
import { blockVjp, projectionRows, runBlock, tapeBytes, tapeOf, TAPE_BUDGET_BYTES } from './block.ts';
import type { Block, BlockGradients, BlockTape } from './block.ts';
import { toCanonical } from './canonical.ts';
import { lastRows } from './components/row-groups.ts';
import type { RowGroup } from './components/row-groups.ts';
import { rmsNormVjp } from './components/rms-norm.ts';
import { scoped } from './components/scoped.ts';
import type { BlockHook, HookName, ModelHook } from './hooks.ts';
import { freeingOnError, hookName } from './showing.ts';
import type { Transformer } from './transformer.ts';

/**
 * A metric's gradient: the normalized final residual stream at the last position [batch, dModel] → d metric / d it, of
 * the same shape. A logit difference is linear there: the difference of two rows of W_U.
 */
export type MetricGradient = (finalNormalized: Tensor2D) => Tensor2D;

/** One layer of the forward pass: its input, and what it made where memory allows to keep that. */
interface LayerRecord {
  input: Tensor2D;
  tape: BlockTape | null;
}

interface ForwardRecord {
  group: RowGroup;
  layers: LayerRecord[];
  final: Tensor2D;
}

function forward(model: Transformer, tokens: readonly (readonly number[])[], tapeBudgetBytes: number): ForwardRecord {
  const positions = tokens[0]?.length ?? 0;
  const group = model.group({ cells: tokens.length, start: 0, positions });
  const { nLayers } = model.config;
  const bytes = nLayers * tapeBytes(model.config, tokens.length * positions, positions);
  const layers: LayerRecord[] = [];
  let resid = model.embed(tokens);
  for (let layer = 0; layer < nLayers; layer++) {
    const input = resid;
    const run = (block: Block): { residPost: Tensor2D; tape: BlockTape | null } =>
      scoped(() => {
        const trace = runBlock(block, input, [group]);
        return { residPost: trace.residPost, tape: bytes <= tapeBudgetBytes ? tapeOf(trace) : null };
      });
    const { residPost, tape } = model.withBlock(layer, run, layer + 1 < nLayers ? layer + 1 : layer);
    layers.push({ input, tape });
    resid = residPost;
  }
  return { group, layers, final: resid };
}

/** [cells, width] → rows of the pass, zero but at the last position. */
export function onlyLast(x: Tensor2D, group: RowGroup): Tensor2D {
  return x.pad([
    [(group.positions - 1) * group.cells, 0],
    [0, 0],
  ]);
}

/** The gradient at each activation of a block that has one, in the layout of a pass. */
function gradientAt(gradients: BlockGradients, dResidPost: Tensor2D): Partial<Record<BlockHook, () => Tensor>> {
  return {
    hook_resid_pre: () => gradients.residPre,
    'ln1.hook_normalized': () => gradients.ln1Normalized,
    'attn.hook_q': () => projectionRows(gradients.projections.q, 'query'),
    'attn.hook_k': () => projectionRows(gradients.projections.k, 'keyValue'),
    'attn.hook_v': () => projectionRows(gradients.projections.v, 'keyValue'),
    'attn.hook_z': () => gradients.z,
    hook_attn_out: () => gradients.residMid,
    hook_resid_mid: () => gradients.residMid,
    'ln2.hook_normalized': () => gradients.ln2Normalized,
    'mlp.hook_pre': () => gradients.pre,
    'mlp.hook_post': () => gradients.post,
    hook_mlp_out: () => dResidPost,
    hook_resid_post: () => dResidPost,
  };
}

type Keep = (hook: BlockHook | ModelHook, layer: number | null, value: () => Tensor) => void;

function backward(
  model: Transformer,
  { group, layers, final }: ForwardRecord,
  metric: MetricGradient,
  keep: Keep,
): void {
  const norm = model.finalNorm(final);
  const dNormalized = onlyLast(metric(lastRows(norm.normalized, group)), group);
  keep('ln_final.hook_normalized', null, () => dNormalized);
  let dResid: Tensor2D = rmsNormVjp(model.lnFinal, norm, dNormalized);
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const { input, tape } = layers[layer] as LayerRecord;
    const dResidPost = dResid;
    const run = (block: Block): Tensor2D =>
      scoped(() => {
        const gradients = blockVjp(block, tape ?? tapeOf(runBlock(block, input, [group])), dResidPost, group);
        for (const [hook, value] of Object.entries(gradientAt(gradients, dResidPost)))
          keep(hook as BlockHook, layer, value);
        return gradients.residPre;
      });
    dResid = model.withBlock(layer, run, layer - 1);
  }
  keep('hook_embed', null, () => dResid);
}

/**
 * Gradients of a metric at the activations named, by name and in canonical shapes; the caller disposes them. The forward
 * pass keeps each block's tape while they fit the budget; beyond it, it keeps their inputs and each block runs
 * again, so that memory holds one block's tape.
 */
export function gradientsAt(
  model: Transformer,
  tokens: readonly (readonly number[])[],
  options: { metric: MetricGradient; at: readonly HookName[]; tapeBudgetBytes?: number },
): Map<HookName, Tensor> {
  const { metric, tapeBudgetBytes = TAPE_BUDGET_BYTES } = options;
  const wanted = new Set<string>(options.at);
  const found = new Map<HookName, Tensor>();
  const { nHeads, nKvHeads, dHead } = model.config;
  freeingOnError(found, () => {
    tf.tidy(() => {
      const record = forward(model, tokens, tapeBudgetBytes);
      const layout = { group: record.group, shape: { nHeads, nKvHeads, dHead } };
      backward(model, record, metric, (hook, layer, value) => {
        const name = hookName(hook, layer);
        if (wanted.has(name)) found.set(name, tf.keep(toCanonical(hook, value(), layout)));
      });
    });
  });
  return found;
}
