/**
 * Edge attribution patching (Nanda 2023; Syed et al. 2023, arXiv 2310.10348) over all edges of a block of pairs.
 *
 * score(s → r) = Σ over suffix positions of (act_corrupted − act_clean)[s] · ∂ metric / ∂ input[r], in the clean run and
 * through r's own norm. All edges into a layer are one matrix product, senders [S, rows · d] × receivers [R, rows · d]ᵀ;
 * columns before the first difference add nothing, since every sender's difference is zero there.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import {
  blockVjp,
  headResults,
  lastRows,
  normJvp,
  normVjp,
  onlyLast,
  runBlock,
  tapeBytes,
  tapeOf,
} from '@demur/model/engine';
import type { Block, BlockGradients, BlockTape, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { receiversPerLayer } from '../graph/graph.ts';
import type { KvHeads } from '../graph/graph.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { LayerView } from '../suffix/pair-runs.ts';

export interface EapOptions {
  kvHeads: KvHeads;
  metric: Metric;
  readings: Readings;
  cancel: CancelToken;
  onStep: () => void;
  /** Bytes of tapes to keep from the forward pass; beyond it blocks run again. */
  tapeBudgetBytes?: number;
}

/** Receivers scored in one product: enough of them that the product runs at full speed. */
const RECEIVERS_PER_PRODUCT = 64;

/** What the backward pass needs of a layer. */
interface LayerRecord {
  /** Clean residual stream at the block's input, [rows, dModel]. */
  input: Tensor2D;
  prefix: KeyValues | null;
  /** What the forward pass made, where memory allows to keep it; else the block runs again. */
  tape: BlockTape | null;
  /** Differences of the senders that this layer adds, [senders, rows · dModel]; the first layer adds `input` too. */
  senders: Tensor2D[];
}

/** What the backward pass needs of the forward. */
interface ForwardRecord {
  group: RowGroup;
  /** Clean residual stream after the last block, [rows, dModel]. */
  final: Tensor2D;
  layers: LayerRecord[];
  /** [all senders, rows · dModel], corrupted − clean. */
  senders: Tensor2D;
}

/**
 * corrupted − clean of each head's contribution and of the MLP's output: [nHeads + 1, rows · dModel]. A post-norm carries
 * what a head adds to first order, at the clean run: its Jacobian sees how one head's change rescales all of them.
 */
function senderDifferences({ block, trace, rows }: LayerView): Tensor2D {
  const difference = (x: Tensor2D): Tensor2D => rows(x, 'corrupted').sub(rows(x, 'clean'));
  const results = headResults(block, difference(trace.z));
  const { ln1Post: weights } = block;
  const { ln1Post } = trace;
  const heads =
    weights && ln1Post
      ? normJvp(weights, { unit: rows(ln1Post.unit, 'clean'), scale: rows(ln1Post.scale, 'clean') }, results)
      : results;
  const mlp = difference(trace.mlpOut);
  return tf.concat2d([heads.reshape<Tensor2D>([block.attn.nHeads, -1]), mlp.reshape<Tensor2D>([1, -1])], 0);
}

function layerRecord(view: LayerView, keepsTape: boolean): LayerRecord {
  const { residPre } = view.trace;
  const embedding = (): Tensor2D => view.rows(residPre, 'corrupted').sub(view.rows(residPre, 'clean')).reshape([1, -1]);
  return {
    input: view.rows(residPre, 'clean').clone(),
    prefix: view.prefixKeyValues(),
    tape: keepsTape ? view.tape('clean') : null,
    senders: [...(view.layer === 0 ? [embedding()] : []), senderDifferences(view)],
  };
}

function forward(model: Transformer, pairs: PairBlock, options: EapOptions): ForwardRecord {
  const { cancel, onStep, tapeBudgetBytes = model.tapeBudgetBytes } = options;
  // The tape's rows are views of the whole pass: prefix, clean and corrupted.
  const rows = 2 * pairs.pairs.length * suffixLength(pairs) + pairs.prefixes.length * pairs.prefixLength;
  const bytes = model.config.nLayers * tapeBytes(model.config, rows, pairs.length);
  const onLayer = (view: LayerView): LayerRecord => {
    onStep();
    return layerRecord(view, bytes <= tapeBudgetBytes);
  };
  const { group, final, layers } = runPairs(model, pairs, { cancel, onLayer });
  const senders = layers.flatMap((layer) => layer.senders);
  const all = tf.concat2d(senders, 0);
  tf.dispose(senders);
  return { group, final: final.clean, layers, senders: all };
}

/** A weight [dModel, heads · dHead] as a head's rows: [heads, dHead, dModel]. */
function headRows(weight: Tensor2D, dHead: number): Tensor3D {
  const [dModel, width] = weight.shape;
  return weight.reshape([dModel, width / dHead, dHead]).transpose([1, 2, 0]);
}

/** Gradients [S, C, KV, G, D] at a layer's projections → at its normalized input, [KV · G, rows, dModel]. */
function projectionReceivers(gradient: Tensor, weight: Tensor2D): Tensor3D {
  const [s, c, kv, g, dHead] = gradient.shape as [number, number, number, number, number];
  const weights = headRows(weight, dHead);
  // Each query head reads by columns of its own; the readers of a key/value head share its.
  const heads = weights.shape[0];
  return tf
    .matMul(gradient.transpose([2, 3, 0, 1, 4]).reshape<Tensor3D>([heads, -1, dHead]), weights)
    .reshape([kv * g, s * c, weight.shape[0]]);
}

/** The gradient at every receiver of a layer, before its norm: [receivers, rows · dModel]. */
function layerReceivers(block: Block, tape: BlockTape, gradients: BlockGradients): Tensor2D {
  const { q, k, v } = gradients.attn;
  const { W_Q, W_K, W_V } = block.attn;
  const projections = [projectionReceivers(q, W_Q), projectionReceivers(k, W_K), projectionReceivers(v, W_V)];
  const heads = normVjp(block.ln1, tape.ln1, tf.concat(projections, 0));
  const mlp = gradients.mlpInput.reshape<Tensor2D>([1, -1]);
  return tf.concat2d([heads.reshape<Tensor2D>([heads.shape[0] as number, -1]), mlp], 0);
}

/** Collects receivers until there are enough for one product, and writes the scores to their columns. */
function scoreWriter(senders: Tensor2D, scores: Float32Array, at: { columns: number; readings: Readings }) {
  const { columns, readings } = at;
  let waiting: Tensor2D[] = [];
  let lastColumn = columns;
  const flush = (): void => {
    if (waiting.length === 0) return;
    const block = tf.tidy(() => tf.matMul<Tensor2D>(senders, tf.concat(waiting, 0), false, true));
    const [rows, width] = block.shape;
    const first = lastColumn - width;
    readings.read(block, (values) => {
      for (let s = 0; s < rows; s++) scores.set(values.subarray(s * width, (s + 1) * width), s * columns + first);
    });
    lastColumn = first;
    tf.dispose([block, ...waiting]);
    waiting = [];
  };
  /** Receivers arrive from the last to the first; takes ownership of the tensor. */
  const add = (receivers: Tensor2D): void => {
    waiting.unshift(receivers);
    if (waiting.reduce((sum, x) => sum + x.shape[0], 0) >= RECEIVERS_PER_PRODUCT) flush();
  };
  return { add, flush };
}

/** Gradient of the summed metrics at the clean run's final residual stream, [rows, dModel]. */
function finalGradient({ final, group }: ForwardRecord, metric: Metric): Tensor2D {
  return onlyLast(metric.gradients(lastRows(final, group)), group);
}

/**
 * Scores of all edges of a block of pairs, the sum over its pairs: [senders, receivers] row-major, in the order of
 * `buildGraph`. Entries that are no edges hold numbers without meaning; the graph's mask tells which.
 */
export async function eapScores(model: Transformer, pairs: PairBlock, options: EapOptions): Promise<Float32Array> {
  const { config } = model;
  const columns = config.nLayers * receiversPerLayer(config, options.kvHeads) + 1;
  const scores = new Float32Array((1 + config.nLayers * (config.nHeads + 1)) * columns);
  tf.tidy(() => {
    const record = forward(model, pairs, options);
    const writer = scoreWriter(record.senders, scores, { columns, readings: options.readings });
    let dResid = finalGradient(record, options.metric);
    writer.add(dResid.reshape([1, -1]));
    for (let layer = config.nLayers - 1; layer >= 0; layer--) {
      options.cancel.throwIfCancelled();
      const above = dResid;
      const run = (block: Block) => backward(block, { record, layer, dResid: above }, options.kvHeads);
      const below = model.withBlock(layer, run, layer - 1);
      above.dispose();
      dResid = below.dResid;
      writer.add(below.receivers);
      options.onStep();
    }
    writer.flush();
  });
  await options.readings.settle();
  return scores;
}

/** One block of the backward pass: the gradient at its input, and at its receivers [receivers, rows · dModel]. */
function backward(
  block: Block,
  { record, layer, dResid }: { record: ForwardRecord; layer: number; dResid: Tensor2D },
  kvHeads: KvHeads,
): { dResid: Tensor2D; receivers: Tensor2D } {
  return tf.tidy(() => {
    const { prefix, input, tape: kept } = record.layers[layer] as LayerRecord;
    const group: RowGroup = { ...record.group, fixed: prefix ? [prefix] : [] };
    const tape = kept ?? tapeOf(runBlock(block, input, [group]));
    const gradients = blockVjp(block, tape, dResid, { group, perQueryHead: kvHeads === 'expanded' });
    return { dResid: gradients.residPre, receivers: layerReceivers(block, tape, gradients) };
  });
}
