/**
 * What every circuit of a block of pairs is run between: the clean run, and the one in which no edge is kept, where each
 * sender writes its ablated activation. Only what circuits' runs need of them.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { addedByAttention, project } from '@demur/model/engine';
import type { Block, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { LayerView, Side } from '../suffix/pair-runs.ts';
import type { Ablation, SenderMeans } from './ablation.ts';

type NormWeights = NonNullable<Block['ln1Post']>;

/** Activations of a layer's senders, [S · pairs, width], or [1, width] where they are alike in all rows. */
interface Senders {
  z: Tensor2D;
  mlpOut: Tensor2D;
}

/** Of the ablated run, [S · pairs, dModel]: the residual stream before attention, before and after the MLP; and what the heads sum to. */
interface BaseStream {
  residPre: Tensor2D;
  attnRaw: Tensor2D;
  residMid: Tensor2D;
  residPost: Tensor2D;
}

export interface AblatedLayer {
  clean: Senders;
  ablated: Senders;
  /** Clean residual stream before the layer, [S · pairs, dModel]. */
  input: Tensor2D;
  base: BaseStream;
  prefix: KeyValues | null;
  /** The norm after attention, where there is one. */
  ln1Post?: NormWeights;
}

export interface AblatedRuns {
  /** Rows of the suffix, a pair a cell. */
  group: RowGroup;
  layers: AblatedLayer[];
  /** Residual streams that the metric reads, at all positions: [S · pairs, dModel]. */
  final: { clean: Tensor2D; corrupted: Tensor2D; ablated: Tensor2D };
}

/** Runs both sides through the layers that the metric reads. Call within `tf.tidy`, or dispose what it gives. */
export function ablatedRuns(
  model: Transformer,
  block: PairBlock,
  { ablation, end, cancel }: { ablation: Ablation; end: number; cancel: CancelToken },
): AblatedRuns {
  const rows = block.pairs.length * suffixLength(block);
  const constant = ablation === 'corrupted' ? null : constantSenders(model, ablation);
  let stream = constant?.input.tile<Tensor2D>([rows, 1]);
  const onLayer = (view: LayerView): AblatedLayer => {
    const ofAll = {
      ...{ clean: sendersOf(view, 'clean'), input: view.rows(view.trace.residPre, 'clean').clone() },
      ...{ prefix: view.prefixKeyValues(), ln1Post: copyOf(view.block.ln1Post) },
    };
    if (constant === null || stream === undefined)
      return { ...ofAll, ablated: sendersOf(view, 'corrupted'), base: corruptedBase(view) };
    const ablated = constant.layer(view.layer);
    const base = constantBase(view.block, stream, ablated);
    stream = base.residPost;
    return { ...ofAll, ablated, base };
  };
  const { layers, group, final } = runPairs(model, block, { cancel, onLayer, layers: end });
  return { group, layers, final: { ...final, ablated: layers[end - 1]!.base.residPost } };
}

function sendersOf({ trace, rows }: LayerView, side: Side): Senders {
  return { z: rows(trace.z, side).clone(), mlpOut: rows(trace.mlpOut, side).clone() };
}

function corruptedBase({ trace, rows }: LayerView): BaseStream {
  const of = (x: Tensor2D): Tensor2D => rows(x, 'corrupted').clone();
  const { residPre, attnRaw, residMid, residPost } = trace;
  return { residPre: of(residPre), attnRaw: of(attnRaw), residMid: of(residMid), residPost: of(residPost) };
}

/** Where every sender writes the same in all rows. */
function constantBase(block: Block, residPre: Tensor2D, { z, mlpOut }: Senders): BaseStream {
  const attnRaw = project(z, block.attn.W_O, block.attn.b_O);
  const residMid: Tensor2D = residPre.add(addedByAttention(block, attnRaw));
  return { residPre, attnRaw: attnRaw.tile([residPre.shape[0], 1]), residMid, residPost: residMid.add(mlpOut) };
}

/** Weights of a norm that outlive their block. */
function copyOf(weights: NormWeights | undefined): NormWeights | undefined {
  if (weights === undefined) return undefined;
  const { w, b, ...rest } = weights;
  return { ...rest, w: w.mul(1), ...(b && { b: b.mul<tf.Tensor1D>(1) }) };
}

/** Zeros or means as rows. */
function constantSenders({ config }: Transformer, ablation: 'zero' | SenderMeans) {
  const { nHeads, dHead, dModel } = config;
  const row = (of: keyof SenderMeans, layer: number, width: number): Tensor2D =>
    ablation === 'zero'
      ? tf.zeros([1, width])
      : tf.tensor2d(ablation[of].values.slice(layer * width, (layer + 1) * width), [1, width]);
  return {
    input: row('input', 0, dModel),
    layer: (layer: number): Senders => ({ z: row('z', layer, nHeads * dHead), mlpOut: row('mlpOut', layer, dModel) }),
  };
}
