/**
 * The clean and the corrupted run of a block of pairs, on the suffix alone: the shared prefix runs once, in the same
 * matrix products, and everything before the first difference is its keys and values.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D } from '@tensorflow/tfjs';
import { runBlock, scoped, tapeOf } from '@demur/model/engine';
import type { Block, BlockTape, BlockTrace, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import { suffixLength } from './pair-block.ts';
import type { PairBlock } from './pair-block.ts';

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
  /** What the backward pass of a side needs. */
  tape(side: Side): BlockTape;
}

export interface PairRuns<T> {
  /** What `onLayer` returned, a layer an entry. */
  layers: T[];
  /** Rows of one side: pairs as cells, the suffix's columns. The prefix is to be put into `fixed`, layer by layer. */
  group: RowGroup;
  /** Residual stream after the last block, each side [S · pairs, dModel]. */
  final: Record<Side, Tensor2D>;
}

/** What enters the first block: embeddings of the prefix, the clean and the corrupted suffixes, as the pass's groups are. */
function embedAll(model: Transformer, block: PairBlock, groups: readonly RowGroup[]): Tensor2D {
  const suffix = (side: Side): number[][] => block.pairs.map(({ pair }) => pair[side].slice(block.prefixLength));
  const sides = [suffix('clean'), suffix('corrupted')];
  const tokens = block.prefixLength > 0 ? [block.prefixes, ...sides] : sides;
  return tf.concat(
    tokens.map((of, i) => model.withPositions(model.embed(of), groups[i] as RowGroup)),
    0,
  );
}

/** Prefix (if any), clean, corrupted. */
function groupsOf(model: Transformer, block: PairBlock): RowGroup[] {
  const { prefixLength: start, length } = block;
  const side = model.group({ cells: block.pairs.length, start, positions: suffixLength(block), length });
  if (start === 0) return [side, side];
  const prefix = model.group({ cells: block.prefixes.length, start: 0, positions: start, length });
  const reading = { ...side, reads: [0] };
  return [prefix, reading, reading];
}

/** Row ranges of the two sides within the pass. */
function sideRows(groups: readonly RowGroup[]): Record<Side, [number, number]> {
  const sizes = groups.map((group) => group.cells * group.positions);
  const [before, side] = sizes.length === 3 ? (sizes as [number, number]) : [0, sizes[0] as number];
  return { clean: [before, side], corrupted: [before + side, side] };
}

/**
 * Runs both sides of a block through all layers. Call within `tf.tidy`: the result lives as long as the scope.
 * @param onLayer sees each layer's trace and returns what is needed of it later: tensors in plain objects and arrays.
 */
export function runPairs<T>(
  model: Transformer,
  block: PairBlock,
  options: { cancel: CancelToken; onLayer: (view: LayerView) => T },
): PairRuns<T> {
  const groups = groupsOf(model, block);
  const ranges = sideRows(groups);
  const rows = (x: Tensor2D, side: Side): Tensor2D => {
    const [start, count] = ranges[side];
    return x.slice([start, 0], [count, x.shape[1]]);
  };
  const offset = groups.length - 2;
  const group: RowGroup = { ...(groups.at(-1) as RowGroup), reads: [], fixed: [] };
  const layers: T[] = [];
  let resid = embedAll(model, block, groups);
  for (let layer = 0; layer < model.config.nLayers; layer++) {
    options.cancel.throwIfCancelled();
    const run = (weights: Block): { residPost: Tensor2D; kept: T } => {
      const trace = runBlock(weights, resid, groups);
      const of = (group: number): BlockTrace['attn'][number] => trace.attn[group] as BlockTrace['attn'][number];
      const groupOf = (side: Side): number => (side === 'clean' ? offset : offset + 1);
      const attn = (side: Side): BlockTrace['attn'][number] => of(groupOf(side));
      const keyValues = (side: Side): KeyValues => attn(side).own;
      const tape = (side: Side): BlockTape => tapeOf(trace, groupOf(side), (x) => rows(x, side));
      const prefixKeyValues = (): KeyValues | null => (offset === 1 ? of(0).own : null);
      const ofLayer = { ...group, fixed: offset === 1 ? [of(0).own] : [] };
      const view = { layer, block: weights, trace, rows, keyValues, attn, group: ofLayer, prefixKeyValues, tape };
      return { residPost: trace.residPost, kept: options.onLayer(view) };
    };
    const { residPost, kept } = model.withBlock(layer, (weights) => scoped(() => run(weights)));
    resid.dispose();
    resid = residPost;
    layers.push(kept);
  }
  return { layers, group, final: { clean: rows(resid, 'clean'), corrupted: rows(resid, 'corrupted') } };
}
