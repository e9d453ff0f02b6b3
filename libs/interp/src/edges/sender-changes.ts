/**
 * The clean run of a block of pairs with what patching its edges needs: each layer's input, and how what the senders add
 * to the residual stream differs in the corrupted run. Nothing of the runs that are patched.
 */
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { addedByAttention, headResults, lastRows } from '@demur/model/engine';
import type { KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { GraphShape } from '../graph/graph.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { runPairs } from '../suffix/pair-runs.ts';
import type { LayerView, Side } from '../suffix/pair-runs.ts';
import { senderPlace } from './edge-cells.ts';
import type { EdgeCell } from './edge-cells.ts';

export interface CleanLayer {
  /** Clean residual stream before the layer, [S · pairs, dModel], where a receiver is in the layer. */
  input: Tensor2D | null;
  prefix: KeyValues | null;
  /** By the sender's index, what it adds in the corrupted run − in the clean one, [S, pairs · dModel]. */
  changes: Record<number, Tensor2D>;
  /** Of the layer that the metric reads before, if it does before one: each side's residual stream, as in CleanRuns. */
  last: Record<Side, Tensor2D> | null;
}

export interface CleanRuns {
  block: PairBlock;
  /** Rows of the suffix, a pair a cell. */
  group: RowGroup;
  layers: CleanLayer[];
  /** The residual streams that the metric reads, at the last position: [pairs, dModel]. */
  last: Record<Side, Tensor2D>;
}

export interface ChangeOptions {
  cells: readonly EdgeCell[];
  /** Blocks that the metric reads after. */
  end: number;
  cancel: CancelToken;
  /** The part of each sender's difference that is put in; all of it, but to see the slope. */
  share: number;
}

/** The senders of each layer that are asked for, by index; `input` is the first layer's. */
function sendersByLayer({ config }: Transformer, cells: readonly EdgeCell[]): Map<number, number[]> {
  const senders = [...new Set(cells.map(({ sender }) => sender))];
  return Map.groupBy(senders, (sender) => senderPlace(sender, config)?.layer ?? 0);
}

/** What the layer's senders add in the corrupted run − in the clean one, [S, pairs · dModel] each, times `share`. */
function changesIn(
  view: LayerView,
  senders: readonly number[],
  { config, share }: { config: GraphShape; share: number },
) {
  const { trace, rows } = view;
  const difference = (x: Tensor2D): Tensor2D => rows(x, 'corrupted').sub<Tensor2D>(rows(x, 'clean')).mul(share);
  let heads: Tensor2D[] | undefined;
  const changeOf = (sender: number): Tensor2D => {
    const place = senderPlace(sender, config);
    if (place === null) return difference(trace.residPre);
    if (place.head === config.nHeads) return difference(trace.mlpOut);
    heads ??= headChanges(view, difference(trace.z));
    return heads[place.head] as Tensor2D;
  };
  const { positions } = view.group;
  return Object.fromEntries(senders.map((sender) => [sender, changeOf(sender).reshape<Tensor2D>([positions, -1])]));
}

/** What each head adds when its z changes by dz [S · pairs, nHeads · dHead]; through the post-norm, its own change alone. */
function headChanges({ block, trace, rows }: LayerView, dz: Tensor2D): Tensor2D[] {
  const results = headResults(block, dz);
  if (!block.ln1Post) return results.unstack();
  const raw = rows(trace.attnRaw, 'clean');
  const changed = addedByAttention(block, raw.add<Tensor3D>(results));
  return changed.sub(addedByAttention(block, raw)).unstack();
}

/** Runs both sides of a block and keeps what patching `cells` needs. Call within `tf.tidy`. */
export function senderChanges(
  model: Transformer,
  block: PairBlock,
  { cells, end, cancel, share }: ChangeOptions,
): CleanRuns {
  const { config } = model;
  const senders = sendersByLayer(model, cells);
  const readers = new Set(cells.map(({ receiver }) => receiver.layer));
  const onLayer = (view: LayerView): CleanLayer => {
    const { layer, rows, trace, group } = view;
    const lastOf = (side: Side): Tensor2D => lastRows(rows(trace.residPre, side), group).clone();
    return {
      input: readers.has(layer) ? rows(trace.residPre, 'clean').clone() : null,
      prefix: view.prefixKeyValues(),
      changes: changesIn(view, senders.get(layer) ?? [], { config, share }),
      last: layer === end ? { clean: lastOf('clean'), corrupted: lastOf('corrupted') } : null,
    };
  };
  const { layers, group, final } = runPairs(model, block, { cancel, onLayer });
  const lastOf = (side: Side): Tensor2D => lastRows(final[side], group);
  const last = layers[end]?.last ?? { clean: lastOf('clean'), corrupted: lastOf('corrupted') };
  return { block, layers, group, last };
}

/** The group of a layer's clean rows, with the prefix that they read. */
export function groupAt({ group, layers }: CleanRuns, layer: number): RowGroup {
  const prefix = layers[layer]?.prefix ?? null;
  return { ...group, fixed: prefix ? [prefix] : [] };
}
