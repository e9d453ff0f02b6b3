/**
 * Exact edge patching of a block of pairs: for each edge the clean run in which the receiver alone reads the sender's
 * corrupted contribution. Everything downstream of the receiver is run again, from its layer on; other paths stay clean.
 *
 * A run differs from the clean one after its receiver's layer only, so that is where it joins: all cells of a pass go
 * through block l before block l + 1, [S, cells · pairs] rows that read the prefix's keys and values.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { lastRows, passBlock, scoped } from '@demur/model/engine';
import type { Block, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { KvHeads } from '../graph/graph.ts';
import type { Metric } from '../metrics/metric.ts';
import { rowsThatFit } from '../patching/plan-sweeps.ts';
import type { Readings } from '../readings.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import type { EdgeCell } from './edge-cells.ts';
import { isSeen, planPasses } from './plan-passes.ts';
import { afterReceivers, besideEachOther } from './receivers.ts';
import { groupAt, senderChanges } from './sender-changes.ts';
import type { CleanLayer, CleanRuns } from './sender-changes.ts';

export interface EdgePatchingOptions {
  /** In the order in which they join, as `cellsOfEdges` gives them; edges count from 0. */
  cells: readonly EdgeCell[];
  kvHeads: KvHeads;
  metric: Metric;
  readings: Readings;
  cancel: CancelToken;
  /** Called with how many of `total` steps are done. */
  onStep: (done: number, total: number) => void;
  /** Rows of a pass at most; by default what fits beside the weights. */
  maxRows?: number;
  /** See ChangeOptions; 1 unless said. */
  share?: number;
}

/** A block's results: pairs in the block's order. */
export interface BlockEffects {
  /** The metric of both sides' own runs. */
  clean: Float32Array;
  corrupted: Float32Array;
  /** [edge, pair], metric of the patched run − of the clean one; edges by their place in the list. */
  effects: Float32Array;
}

/** Measures all edges of a block. The metric's pairs are the block's, in its order. */
export async function patchEdges(
  model: Transformer,
  block: PairBlock,
  options: EdgePatchingOptions,
): Promise<BlockEffects> {
  const { metric, readings, cancel, onStep, maxRows = rowsThatFit(model), share = 1 } = options;
  const pairs = block.pairs.length;
  const { layers: end } = metric;
  const cells = options.cells.filter((cell) => isSeen(cell, end, model.config));
  const passes = planPasses(cells, block, maxRows);
  const stepsAPass = end + 1;
  const own = { clean: new Float32Array(), corrupted: new Float32Array() };
  const patched: { edge: number; values: Float32Array }[] = [];
  tf.tidy(() => {
    const runs = senderChanges(model, block, { cells, end, cancel, share });
    for (const side of ['clean', 'corrupted'] as const)
      readings.read(metric.values(runs.last[side], pairs), (values) => (own[side] = values.slice()));
    for (const [i, pass] of passes.entries()) {
      const onLayer = (layer: number): void => onStep(i * stepsAPass + layer, passes.length * stepsAPass);
      const values = runPass(model, runs, pass, { ...options, onLayer });
      readings.read(values, (of) => {
        for (const [at, { edge }] of pass.entries())
          patched.push({ edge, values: of.slice(at * pairs, (at + 1) * pairs) });
      });
      values.dispose();
    }
  });
  await readings.settle();
  const effects = new Float32Array(options.cells.length * pairs);
  for (const { edge, values } of patched)
    for (const [at, value] of values.entries()) effects[edge * pairs + at] = value - (own.clean[at] as number);
  return { ...own, effects };
}

interface PassOptions extends Pick<EdgePatchingOptions, 'kvHeads' | 'metric' | 'cancel'> {
  onLayer: (layer: number) => void;
}

/** The metric of a pass's cells, [cells, pairs]. */
function runPass(model: Transformer, runs: CleanRuns, cells: readonly EdgeCell[], options: PassOptions): Tensor2D {
  const { kvHeads, metric, cancel, onLayer } = options;
  const joiningAt = Map.groupBy(cells, ({ receiver }) => receiver.layer);
  return tf.tidy(() => {
    let rows: Tensor2D | null = null;
    for (let layer = (cells[0] as EdgeCell).receiver.layer; layer < metric.layers; layer++) {
      cancel.throwIfCancelled();
      onLayer(layer);
      const before: Tensor2D | null = rows;
      const at = { runs, layer, joining: joiningAt.get(layer) ?? [], kvHeads, lastOnly: layer === metric.layers - 1 };
      rows = model.withBlock(layer, (block) => scoped(() => step(block, before, at)));
      before?.dispose();
    }
    const logits = (joiningAt.get(model.config.nLayers) ?? []).map((cell) => beforeLogits(runs, cell));
    const all = [...(rows ? [rows] : []), ...logits];
    return metric.values(tf.concat2d(all, 0), runs.block.pairs.length);
  });
}

interface StepInput {
  runs: CleanRuns;
  layer: number;
  joining: readonly EdgeCell[];
  kvHeads: KvHeads;
  lastOnly: boolean;
}

/** What a sender adds otherwise, [S, pairs · dModel]. */
function changeOf({ layers }: CleanRuns, sender: number): Tensor2D {
  for (const { changes } of layers) if (changes[sender] !== undefined) return changes[sender];
  throw new RangeError(`no change of sender ${sender}`);
}

/** One block of the rows that are under way, and then those that join; the last one gives the last position alone. */
function step(block: Block, rows: Tensor2D | null, { runs, layer, joining, kvHeads, lastOnly }: StepInput): Tensor2D {
  const group = groupAt(runs, layer);
  const parts: Tensor2D[] = [];
  if (rows) {
    const cells = { ...group, cells: rows.shape[0] / group.positions, contexts: group.cells };
    parts.push(passBlock(block, rows, [cells], { lastOnly }).residPost);
  }
  if (joining.length > 0) {
    const cells = joining.map(({ sender, receiver }) => ({ ...receiver, change: changeOf(runs, sender) }));
    const input = (runs.layers[layer] as CleanLayer).input as Tensor2D;
    parts.push(afterReceivers({ block, input, group, kvHeads, lastOnly }, cells));
  }
  return besideEachOther(parts, lastOnly ? 1 : group.positions);
}

/** What the final norm reads of a cell whose receiver it is, [pairs, dModel]. */
function beforeLogits(runs: CleanRuns, { sender }: EdgeCell): Tensor2D {
  const { last, group } = runs;
  const change = changeOf(runs, sender).reshape<Tensor2D>([-1, last.clean.shape[1]]);
  return last.clean.add(lastRows(change, group));
}
