/**
 * The clean and the corrupted run of a block of pairs, on the suffix alone: the shared prefix runs once, in the same
 * matrix products, and everything before the first difference is its keys and values. Where asked, also runs between the
 * two: points on the straight line from the corrupted to the clean token embeddings.
 */
import type { Tensor2D } from '@tensorflow/tfjs';
import { runBlock, scoped, tapeOf } from '@demur/model/engine';
import type { Block, BlockTape, BlockTrace, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { PairBlock } from './pair-block.ts';
import { PassLayout } from './pass-layout.ts';

export type Side = 'clean' | 'corrupted';

/** What one layer made, seen while it runs; its tensors die when the callback has returned, but for those it returns. */
export interface LayerView {
  layer: number;
  block: Block;
  trace: BlockTrace;
  /** A side's rows of a tensor of the pass: [S · pairs, width], position-major. */
  rows(x: Tensor2D, side: Side): Tensor2D;
  keyValues(side: Side): KeyValues;
  /** A side's queries, keys, values and pattern. */
  attn(side: Side): BlockTrace['attn'][number];
  /** A side's rows, with the prefix's keys and values of this layer. */
  group: RowGroup;
  prefixKeyValues(): KeyValues | null;
  /** The path's rows of a tensor of the pass: [S · pairs · points, width], position-major, points varying fastest. */
  pathRows(x: Tensor2D): Tensor2D;
  /** What the backward pass of the path's runs needs. */
  pathTape(): BlockTape;
}

export interface PairRuns<T> {
  /** What `onLayer` returned, a layer an entry. */
  layers: T[];
  /** Rows of one side: pairs as cells, the suffix's columns. The prefix is to be put into `fixed`, layer by layer. */
  group: RowGroup;
  /** Residual stream after the last block, each side [S · pairs, dModel]. */
  final: Record<Side, Tensor2D>;
  /** The path's runs: pairs × points as cells, and their final residual stream [S · pairs · points, dModel]. */
  path: { group: RowGroup; final: Tensor2D } | null;
}

/**
 * Runs both sides of a block through all layers. Call within `tf.tidy`: the result lives as long as the scope.
 * @param options.onLayer sees each layer's trace and returns what is needed of it later: tensors in plain objects and arrays.
 * @param options.layers blocks to run; by default all.
 * @param options.path shares of the clean embedding, from 0 (the corrupted run) to 1 (the clean run), each run for every pair.
 */
export function runPairs<T>(
  model: Transformer,
  block: PairBlock,
  options: { cancel: CancelToken; onLayer: (view: LayerView) => T; layers?: number; path?: readonly number[] },
): PairRuns<T> {
  const runs = new PassLayout(model, block, options.path ?? []);
  const { groups, hasPrefix, pathGroup } = runs;
  const rows = (x: Tensor2D, side: Side): Tensor2D => runs.rows(x, side);
  const pathRows = (x: Tensor2D): Tensor2D => runs.pathRows(x);
  const alone = (of: RowGroup): RowGroup => ({ ...of, reads: [], fixed: [] });
  const group = { ...alone(groups.at(-1) as RowGroup), cells: block.pairs.length };
  const layers: T[] = [];
  let resid = runs.embed(model, block);
  for (let layer = 0; layer < (options.layers ?? model.config.nLayers); layer++) {
    options.cancel.throwIfCancelled();
    const run = (weights: Block): { residPost: Tensor2D; kept: T } => {
      const trace = runBlock(weights, resid, groups);
      const of = (group: number): BlockTrace['attn'][number] => trace.attn[group] as BlockTrace['attn'][number];
      const attn = (side: Side): BlockTrace['attn'][number] => of(runs.groupOf(side));
      const keyValues = (side: Side): KeyValues => attn(side).own;
      const pathTape = (): BlockTape => tapeOf(trace, pathGroup, pathRows);
      const prefixKeyValues = (): KeyValues | null => (hasPrefix ? of(0).own : null);
      const ofLayer = { ...group, fixed: hasPrefix ? [of(0).own] : [] };
      const ofSides = { rows, keyValues, attn, group: ofLayer };
      const view = { layer, block: weights, trace, ...ofSides, prefixKeyValues, pathRows, pathTape };
      return { residPost: trace.residPost, kept: options.onLayer(view) };
    };
    const { residPost, kept } = model.withBlock(layer, (weights) => scoped(() => run(weights)));
    resid.dispose();
    resid = residPost;
    layers.push(kept);
  }
  const final = { clean: rows(resid, 'clean'), corrupted: rows(resid, 'corrupted') };
  const path = pathGroup < 0 ? null : { group: alone(groups[pathGroup] as RowGroup), final: pathRows(resid) };
  return { layers, group, final, path };
}
