/**
 * The first rows of patched runs: at the start of the layer where they differ from the destination's own. Of a patched
 * head, its change of z goes through W_O, the norm that there may be, and the MLP; for all of a layer's cells together.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { addedByAttention, attendTurned, headResults, runMlp, scoped } from '@demur/model/engine';
import type { Block } from '@demur/model/engine';
import type { BaseRuns, DestinationLayer } from './base-runs.ts';
import { stretches } from './cells.ts';
import type { PositionSet } from './cells.ts';
import { fixedOf, setKeys, setRows } from './set-slices.ts';
import type { HeadPatch, KeyValuePatch, StreamPatch } from './sites.ts';

/** The destination's residual stream at the start of a layer; after the last layer, its final one. */
function startOf({ layers, final, to }: BaseRuns, layer: number): Tensor2D {
  return layers[layer]?.residPre ?? final[to];
}

/** Cells of a patch of the residual stream, a set an entry: [S − from, pairs', dModel]. */
export function streamCells(base: BaseRuns, patch: StreamPatch, sets: readonly PositionSet[]): Tensor3D[] {
  const own = startOf(base, patch.startLayer);
  return sets.map((set) =>
    joined(
      stretches(set, base.group.positions).map((stretch) =>
        setRows(stretch.isPatched ? patch.stream : own, set, { stretch, base }),
      ),
    ),
  );
}

/** Where to patch heads: the layer, and how many heads one by one. */
interface Heads {
  base: BaseRuns;
  layer: number;
  heads: number;
}

/**
 * Cells of a patch of each head at a layer, a set an entry: [S − from, heads · pairs', dModel] at the start of the next
 * layer, heads major.
 */
export function headCells(block: Block, patch: HeadPatch, sets: readonly PositionSet[], at: Heads): Tensor3D[] {
  const { base, layer, heads } = at;
  const { positions } = base.group;
  const { residPre, attention } = base.layers[layer] as DestinationLayer;
  if (attention === null) throw new RangeError(`no attention was kept of layer ${layer}`);
  // A patched key or value is read by the positions to its right as well.
  const changed = 'change' in patch ? sets : sets.map((set) => ({ ...set, to: positions, holes: [] }));
  const ofChanged = (x: Tensor2D): Tensor2D =>
    joinedRows(
      changed.flatMap((set) =>
        stretches(set, positions).flatMap((stretch) =>
          stretch.isPatched ? [flat(setRows(x, set, { stretch, base }))] : [],
        ),
      ),
    );
  const { after } = scoped(() => {
    const change =
      'change' in patch
        ? ofChanged(patch.change)
        : joinedRows(sets.map((set) => changeByKeyValues(block, patch, set, { base, layer })));
    const before = { residPre: ofChanged(residPre), attnRaw: ofChanged(attention.attnRaw) };
    return { after: residAfter(block, change, before, heads) };
  });
  const own = startOf(base, layer + 1);
  let row = 0;
  return changed.map((set) =>
    joined(
      stretches(set, positions).map((stretch) => {
        if (!stretch.isPatched) return setRows(own, set, { stretch, base }).tile<Tensor3D>([1, heads, 1]);
        const rows = (stretch.to - stretch.from) * set.pairs;
        const piece = after.slice<Tensor3D>([0, row, 0], [heads, rows, after.shape[2]]);
        row += rows;
        return headsBesidePairs(piece, set.pairs);
      }),
    ),
  );
}

/** How z changes when a set's keys or values are the source's: [(S − from) · pairs', nHeads · dHead]. */
function changeByKeyValues(
  block: Block,
  { keys, values }: KeyValuePatch,
  set: PositionSet,
  { base, layer }: { base: BaseRuns; layer: number },
): Tensor2D {
  const { positions } = base.group;
  const { keyValues, attention } = base.layers[layer] as DestinationLayer;
  const { z, queries } = attention as NonNullable<DestinationLayer['attention']>;
  const stretch = { from: set.from, to: positions, isPatched: true };
  const own = {
    keys: mixed(keyValues.keys, keys, set),
    values: mixed(keyValues.values, values, set),
  };
  const group = {
    ...base.group,
    cells: set.pairs,
    positions: positions - set.from,
    start: base.block.prefixLength + set.from,
    fixed: fixedOf(base, layer, set),
  };
  return attendTurned(lastQueries(queries, set, positions), own, group, block.attn).sub(
    flat(setRows(z, set, { stretch, base })),
  );
}

/** The destination's keys or values from `from` on, with the source's, if given, at the set's positions. */
function mixed(own: Tensor4D, source: Tensor4D | undefined, set: PositionSet): Tensor4D {
  const positions = own.shape[2];
  if (source === undefined) return setKeys(own, set, { from: set.from, to: positions });
  const parts = stretches(set, positions).map((stretch) => setKeys(stretch.isPatched ? source : own, set, stretch));
  return parts.length === 1 ? (parts[0] as Tensor4D) : tf.concat(parts, 2);
}

/** Queries [KV, pairs, G · S, D] of a set's pairs from its first position on: [KV, pairs', G · (S − from), D]. */
function lastQueries(queries: Tensor4D, set: PositionSet, positions: number): Tensor4D {
  const [kv, , rows, dHead] = queries.shape;
  const [readers, count] = [rows / positions, positions - set.from];
  return setKeys(queries, set, { from: 0, to: rows })
    .reshape<Tensor3D>([kv * set.pairs * readers, positions, dHead])
    .slice<Tensor3D>([0, set.from, 0], [kv * set.pairs * readers, count, dHead])
    .reshape<Tensor4D>([kv, set.pairs, readers * count, dHead]);
}

/** The residual stream after the block when z changes by one head's `change` at a time: [heads, rows, dModel]. */
function residAfter(
  block: Block,
  change: Tensor2D,
  { residPre, attnRaw }: { residPre: Tensor2D; attnRaw: Tensor2D },
  heads: number,
): Tensor3D {
  const residMid = scoped(() =>
    residPre.add<Tensor3D>(addedByAttention(block, attnRaw.add<Tensor3D>(headResults(block, change, heads)))),
  );
  const [, rows, width] = residMid.shape;
  return runMlp(block, residMid.reshape([heads * rows, width])).reshape([heads, rows, width]);
}

/** [heads, positions · pairs, d] → [positions, heads · pairs, d]. */
function headsBesidePairs(x: Tensor3D, pairs: number): Tensor3D {
  const [heads, rows, width] = x.shape;
  const positions = rows / pairs;
  return x
    .reshape<Tensor4D>([heads, positions, pairs, width])
    .transpose<Tensor4D>([1, 0, 2, 3])
    .reshape([positions, heads * pairs, width]);
}

/** [positions, pairs, width] → [positions · pairs, width]. */
function flat(x: Tensor3D): Tensor2D {
  const [positions, pairs, width] = x.shape;
  return x.reshape([positions * pairs, width]);
}

function joined(parts: Tensor3D[]): Tensor3D {
  return parts.length === 1 ? (parts[0] as Tensor3D) : tf.concat3d(parts, 0);
}

function joinedRows(parts: Tensor2D[]): Tensor2D {
  return parts.length === 1 ? (parts[0] as Tensor2D) : tf.concat2d(parts, 0);
}
