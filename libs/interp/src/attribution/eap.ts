/**
 * Edge attribution patching (Nanda 2023; Syed et al. 2023, arXiv 2310.10348) over all edges of a block of pairs, with the
 * gradient of the clean run, or the mean of those along a path (path.ts).
 *
 * score(s → r) = Σ over suffix positions of (act_corrupted − act_clean)[s] · ∂ metric / ∂ input[r], through r's own norm.
 * All edges into a layer are one matrix product, senders [S, rows · d] × receivers [R, rows · d]ᵀ; columns before the first
 * difference add nothing, since every sender's difference is zero there.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { blockVjp, headResults, lastRows, normJvp, onlyLast, runBlock, tapeOf } from '@demur/model/engine';
import type { Block, BlockTape, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { receiversPerLayer, sendersBeforeLayer } from '../graph/graph.ts';
import type { KvHeads } from '../graph/graph.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { LayerView } from '../suffix/pair-runs.ts';
import { scoreProducts } from './products.ts';
import type { ScoreUse } from './products.ts';
import { attentionReceivers, meanOverPath } from './receivers.ts';
import type { PathPoints } from './receivers.ts';
import { keepsTapes, pathChunks } from './path-chunks.ts';

/**
 * How a head's difference passes the norm after attention, where there is one: to first order at the clean run, or not at
 * all, as in the EAP-IG package.
 */
export type PostNorm = 'jacobian' | 'ignore';

export interface EapOptions {
  kvHeads: KvHeads;
  postNorm?: PostNorm;
  /** Where gradients are taken, as shares of the clean embedding; by default in the clean run, [1]. */
  path?: readonly number[];
  metric: Metric;
  /**
   * What takes the scores, in the order of `buildGraph`. They come in pieces, to be added up; entries that are no edges hold
   * numbers without meaning, as the graph's mask tells. Of a metric that reads the residual stream before the last block,
   * `logits` is where it does, and nothing comes of later senders and receivers: they do not reach it.
   */
  uses: readonly ScoreUse[];
  readings: Readings;
  cancel: CancelToken;
  /** Called `stepsOf` times. */
  onStep: () => void;
  /** Bytes of tapes to keep from the forward pass; beyond it blocks run again. */
  tapeBudgetBytes?: number;
  /** Rows of the path's runs at a time; by default what fits beside the weights. */
  maxRows?: number;
}

/** What the backward pass needs of a layer. */
interface LayerRecord {
  /** The path's residual stream at the block's input, [rows, dModel]. */
  input: Tensor2D;
  prefix: KeyValues | null;
  /** What the forward pass made, where memory allows to keep it; else the block runs again. */
  tape: BlockTape | null;
  /** Differences of the senders that this layer adds, [senders, S · pairs · dModel]; the first layer adds `input` too. */
  senders: Tensor2D[];
}

/** What the backward pass needs of the forward. */
interface ForwardRecord {
  /** The path's runs. */
  group: RowGroup;
  /** Their residual stream after the last block, [rows, dModel]. */
  final: Tensor2D;
  layers: LayerRecord[];
  /** [all senders, S · pairs · dModel], corrupted − clean. */
  senders: Tensor2D;
}

/** How often a block's scores call `onStep`. */
export function stepsOf(
  model: Transformer,
  pairs: PairBlock,
  options: Pick<EapOptions, 'metric' | 'path' | 'maxRows'>,
): number {
  return 2 * options.metric.layers * pathChunks(model, pairs, options).length;
}

/**
 * corrupted − clean of each head's contribution, [nHeads, S · pairs · dModel], and of the MLP's output, [1, …]. A post-norm
 * carries what a head adds to first order, at the clean run: its Jacobian sees how one head's change rescales all of them.
 */
function senderDifferences({ block, trace, rows }: LayerView, postNorm: PostNorm): Tensor2D[] {
  const difference = (x: Tensor2D): Tensor2D => rows(x, 'corrupted').sub(rows(x, 'clean'));
  const results = headResults(block, difference(trace.z));
  const { ln1Post: weights } = block;
  const { ln1Post } = trace;
  const heads =
    weights && ln1Post && postNorm === 'jacobian'
      ? normJvp(weights, { unit: rows(ln1Post.unit, 'clean'), scale: rows(ln1Post.scale, 'clean') }, results)
      : results;
  const mlp = difference(trace.mlpOut);
  return [heads.reshape<Tensor2D>([block.attn.nHeads, -1]), mlp.reshape<Tensor2D>([1, -1])];
}

function layerRecord(view: LayerView, { keepsTape, postNorm }: { keepsTape: boolean; postNorm: PostNorm }) {
  const { residPre } = view.trace;
  const embedding = (): Tensor2D => view.rows(residPre, 'corrupted').sub(view.rows(residPre, 'clean')).reshape([1, -1]);
  return {
    input: view.pathRows(residPre).clone(),
    prefix: view.prefixKeyValues(),
    tape: keepsTape ? view.pathTape() : null,
    senders: [...(view.layer === 0 ? [embedding()] : []), ...senderDifferences(view, postNorm)],
  };
}

function forward(model: Transformer, pairs: PairBlock, options: EapOptions & { path: readonly number[] }) {
  const { cancel, onStep, path, postNorm = 'jacobian', tapeBudgetBytes = model.tapeBudgetBytes } = options;
  const { layers: count } = options.metric;
  const keeps = keepsTapes(model.config, pairs, { path, layers: count, budgetBytes: tapeBudgetBytes });
  const onLayer = (view: LayerView): LayerRecord => {
    onStep();
    return layerRecord(view, { keepsTape: keeps, postNorm });
  };
  const { path: runs, layers } = runPairs(model, pairs, { cancel, onLayer, path, layers: count });
  const senders = layers.flatMap((layer) => layer.senders);
  const all = tf.concat2d(senders, 0);
  tf.dispose(senders);
  return { ...(runs as NonNullable<typeof runs>), layers, senders: all } satisfies ForwardRecord;
}

/** Each pair's gradient at each point: rows [pairs · points, dModel] → the same shape, points varying fastest. */
function gradientAtPoints(metric: Metric, last: Tensor2D, points: number): Tensor2D {
  if (points === 1) return metric.gradients(last);
  const [rows, width] = last.shape;
  const byPair = last.reshape<Tensor3D>([rows / points, points, width]);
  const at = (_: unknown, k: number): Tensor2D =>
    metric.gradients(byPair.slice([0, k, 0], [rows / points, 1, width]).reshape([rows / points, width]));
  return tf.stack(Array.from({ length: points }, at), 1).reshape([rows, width]);
}

/** Scores of all edges of a block of pairs, handed to `uses`: to be summed over the block, or told apart. */
export async function eapScores(model: Transformer, pairs: PairBlock, options: EapOptions): Promise<void> {
  const { path = [1] } = options;
  for (const chunk of pathChunks(model, pairs, options)) {
    tf.tidy(() => scoreOnPath(model, pairs, { options: { ...options, path: chunk }, of: path.length }));
    await options.readings.settle();
  }
}

/** These points' share of the scores. */
function scoreOnPath(
  model: Transformer,
  pairs: PairBlock,
  { options, of }: { options: EapOptions & { path: readonly number[] }; of: number },
): void {
  const { config } = model;
  const { kvHeads, uses, readings, metric } = options;
  const path = { points: options.path.length, of };
  const record = forward(model, pairs, options);
  const columns = config.nLayers * receiversPerLayer(config, kvHeads) + 1;
  const rows = { positions: suffixLength(pairs), pairs: pairs.pairs.length };
  const products = scoreProducts(record.senders, columns, { uses, rows, readings });
  const { final, group } = record;
  let dResid = onlyLast(gradientAtPoints(metric, lastRows(final, group), path.points), group);
  products.add({ parts: [meanOverPath(dResid, path)], senders: record.senders.shape[0] });
  if (metric.layers < config.nLayers) products.moveTo(metric.layers * receiversPerLayer(config, kvHeads));
  for (let layer = metric.layers - 1; layer >= 0; layer--) {
    options.cancel.throwIfCancelled();
    const above = dResid;
    const run = (block: Block) => backward(block, { record, layer, dResid: above }, { kvHeads, path });
    const below = model.withBlock(layer, run, layer - 1);
    above.dispose();
    dResid = below.dResid;
    products.add({ parts: below.receivers, senders: sendersBeforeLayer(config, layer) + config.nHeads });
    options.onStep();
  }
  products.flush();
}

/**
 * One block of the backward pass: the gradient at its input, and at its receivers, [receivers, S · pairs · dModel] in parts.
 *
 * The layer's attention reads its input through its receivers alone, so that at one point the gradient there is their sum,
 * which takes a twentieth of the arithmetic of going back through the projections and the norm once more. Of several points
 * the receivers are the mean.
 */
function backward(
  block: Block,
  { record, layer, dResid }: { record: ForwardRecord; layer: number; dResid: Tensor2D },
  { kvHeads, path }: { kvHeads: KvHeads; path: PathPoints },
): { dResid: Tensor2D; receivers: Tensor2D[] } {
  return tf.tidy(() => {
    const { prefix, input, tape: kept } = record.layers[layer] as LayerRecord;
    const group: RowGroup = { ...record.group, fixed: prefix ? [prefix] : [] };
    const tape = kept ?? tapeOf(runBlock(block, input, [group]));
    const gradients = blockVjp(block, tape, dResid, { group, perQueryHead: kvHeads === 'expanded' });
    const attention = attentionReceivers(block, tape, { attn: gradients.attn, path });
    const receivers = [...attention, meanOverPath(gradients.mlpInput, path)];
    if (path.of > 1) return { dResid: gradients.atInput().residPre, receivers };
    const sums = attention.map((part) => part.sum(0));
    const below = sums
      .reduce((sum, x) => sum.add(x))
      .reshape<Tensor2D>(input.shape)
      .add<Tensor2D>(gradients.residMid);
    return { dResid: below, receivers };
  });
}
