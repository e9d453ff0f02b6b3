/**
 * From a receiver's changed input to the residual stream after its layer: only that receiver reads the change, so that
 * its layer is the clean run's but for one head's queries, keys or values, or the MLP. All cells of a layer together.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs';
import { addedByAttention, attend, lastRows, norm, project, runBlock, runMlp } from '@demur/model/engine';
import type { Block, BlockTrace, KeyValues, RowGroup } from '@demur/model/engine';
import type { KvHeads } from '../graph/graph.ts';
import { PORTS } from './edge-cells.ts';
import type { Port } from './edge-cells.ts';

/** A run that joins at this layer: what its receiver's head is, and how its input changes, [S, pairs · dModel]. */
export interface JoiningCell {
  port: Port;
  head: number;
  change: Tensor2D;
}

export interface ReceivingLayer {
  block: Block;
  /** Clean residual stream before the layer, [S · pairs, dModel]. */
  input: Tensor2D;
  /** Its rows, with the prefix that they read. */
  group: RowGroup;
  kvHeads: KvHeads;
  /** Whether the output is the last position alone. */
  lastOnly: boolean;
}

/** How rows of cells lie: [positions, cells · pairs], pairs varying fastest. */
interface Layout {
  positions: number;
  cells: number;
  pairs: number;
}

/** Rows [S · n, d] of cells side by side, position by position: the cells of `parts` in their order. */
export function besideEachOther(parts: readonly Tensor2D[], positions: number): Tensor2D {
  if (parts.length === 1) return parts[0] as Tensor2D;
  const width = parts[0]!.shape[1];
  return tf
    .concat2d(
      parts.map((part) => part.reshape<Tensor2D>([positions, -1])),
      1,
    )
    .reshape([-1, width]);
}

/** Clean rows [S · pairs, w] and those of cells [S · cells · pairs, w], added. */
function plusClean(clean: Tensor2D, ofCells: Tensor2D, { positions, cells }: Layout): Tensor2D {
  return clean
    .reshape([positions, 1, -1])
    .add(ofCells.reshape([positions, cells, -1]))
    .reshape([-1, clean.shape[1]]);
}

/** The residual stream after a layer in runs whose receivers are in it: [S · cells · pairs, dModel], or [cells · pairs, dModel]. */
export function afterReceivers(layer: ReceivingLayer, cells: readonly JoiningCell[]): Tensor2D {
  const { block, input, group, lastOnly } = layer;
  return tf.tidy(() => {
    const trace = runBlock(block, input, [group]);
    const parts = PORTS.flatMap((port) => {
      const own = cells.filter((cell) => cell.port === port);
      if (own.length === 0) return [];
      return [tf.tidy(() => (port === 'mlp' ? afterMlp(layer, trace, own) : afterHeads(layer, trace, own, port)))];
    });
    return besideEachOther(parts, lastOnly ? 1 : group.positions).clone();
  });
}

/** The changes of cells, [S · cells · pairs, dModel], and how they lie. */
function changesOf({ group, input }: ReceivingLayer, cells: readonly JoiningCell[]) {
  const layout = { positions: group.positions, cells: cells.length, pairs: group.cells };
  const parts = cells.map(({ change }) => change.reshape<Tensor2D>([-1, input.shape[1]]));
  return { layout, change: besideEachOther(parts, group.positions) };
}

function afterMlp(layer: ReceivingLayer, { residMid }: BlockTrace, cells: readonly JoiningCell[]): Tensor2D {
  const { block, group, lastOnly } = layer;
  const { layout, change } = changesOf(layer, cells);
  const last = (x: Tensor2D): Tensor2D => (lastOnly ? lastOf(x, layout) : x);
  const clean = lastOnly ? lastRows(residMid, group) : residMid;
  const changed = plusClean(clean, last(change), lastOnly ? { ...layout, positions: 1 } : layout);
  // The change goes into the MLP alone; what it is added to stays clean.
  return runMlp(block, changed).sub(last(change));
}

function lastOf(x: Tensor2D, { positions, cells, pairs }: Layout): Tensor2D {
  const [rows, width] = x.shape;
  return x.slice([rows - rows / positions, 0], [cells * pairs, width]);
}

/** Where a cell's receiver lies among the heads: which columns of z it changes, and which key/value head is in play. */
interface HeadPlace {
  /** In units of `readers` query heads. */
  unit: number;
  kvHead: number;
}

function headPlaces({ block, kvHeads }: ReceivingLayer, cells: readonly JoiningCell[], port: Port) {
  const perKvHead = block.attn.nHeads / block.attn.nKvHeads;
  const isShared = kvHeads === 'native' && port !== 'q';
  const places = cells.map(({ head }): HeadPlace => {
    return isShared ? { unit: head, kvHead: head } : { unit: head, kvHead: Math.floor(head / perKvHead) };
  });
  return { places, readers: isShared ? perKvHead : 1 };
}

function afterHeads(layer: ReceivingLayer, trace: BlockTrace, cells: readonly JoiningCell[], port: Port): Tensor2D {
  const { block, input, group, lastOnly } = layer;
  const { layout, change } = changesOf(layer, cells);
  const { places, readers } = headPlaces(layer, cells, port);
  const changed = norm(block.ln1, plusClean(input, change, layout)).normalized;
  const heads = { layout, places, readers };
  const z = headValues(layer, { port, changed, clean: trace.ln1.normalized }, heads);
  const out = lastOnly ? { ...layout, positions: 1 } : layout;
  const clean = (x: Tensor2D): Tensor2D => (lastOnly ? lastRows(x, group) : x);
  const units = places.map(({ unit }) => unit);
  const cleanZ = clean(trace.z);
  const own = headsOf(cleanZ, units, { layout: out, width: z.shape[1], isClean: true });
  const changedZ = plusClean(cleanZ, inPlace(z.sub(own), units, { layout: out, width: cleanZ.shape[1] }), out);
  const added = addedByAttention(block, project(changedZ, block.attn.W_O, block.attn.b_O));
  return runMlp(block, plusClean(clean(input), added, out));
}

/** What the changed heads write, z [rows, readers · dHead]: each cell is a sequence with its receiver's heads alone. */
function headValues(
  { block: { attn }, group, lastOnly }: ReceivingLayer,
  { port, changed, clean }: { port: Port; changed: Tensor2D; clean: Tensor2D },
  { layout, places, readers }: { layout: Layout; places: readonly HeadPlace[]; readers: number },
): Tensor2D {
  const { dHead } = attn;
  const kvHeads = places.map(({ kvHead }) => kvHead);
  const units = places.map(({ unit }) => unit);
  const of = (which: Port, W: Tensor2D, b: tf.Tensor1D | undefined): Tensor2D => {
    const isClean = which !== port;
    const width = which === 'q' ? readers * dHead : dHead;
    const projected = project(isClean ? clean : changed, W, b);
    return headsOf(projected, which === 'q' ? units : kvHeads, { layout, width, isClean });
  };
  const q = of('q', attn.W_Q, attn.b_Q);
  const projections = {
    q: lastOnly ? lastOf(q, layout) : q,
    k: of('k', attn.W_K, attn.b_K),
    v: of('v', attn.W_V, attn.b_V),
  };
  const fixed = group.fixed.map((part) => prefixOfCells(part, kvHeads, layout));
  const cells: RowGroup = { ...group, cells: layout.cells * layout.pairs, fixed };
  return attend(projections, cells, { rule: { ...attn, nHeads: readers, nKvHeads: 1 } }).z;
}

/**
 * The heads that each cell is about: x [S · (cells ·) pairs, all heads' widths] → [S · cells · pairs, width].
 * @param heads a cell's index among the stretches of `width` columns.
 * @param options.isClean whether x has the clean run's rows, which all cells share.
 */
function headsOf(
  x: Tensor2D,
  heads: readonly number[],
  { layout, width, isClean }: { layout: Layout; width: number; isClean: boolean },
): Tensor2D {
  const { positions, cells, pairs } = layout;
  const stretches = x.shape[1] / width;
  const indices = new Int32Array(positions * cells * pairs);
  for (let at = 0; at < indices.length; at++) {
    const cell = Math.floor(at / pairs) % cells;
    const row = isClean ? Math.floor(at / (cells * pairs)) * pairs + (at % pairs) : at;
    indices[at] = row * stretches + (heads[cell] as number);
  }
  return tf.gather(x.reshape<Tensor2D>([-1, width]), tf.tensor1d(indices, 'int32'));
}

/** The inverse of `headsOf`: x [rows, width] at its heads' columns of [rows, all], zero elsewhere. */
function inPlace(
  x: Tensor2D,
  heads: readonly number[],
  { layout, width }: { layout: Layout; width: number },
): Tensor2D {
  const { cells, pairs } = layout;
  const stretches = width / x.shape[1];
  const places = new Float32Array(cells * pairs * stretches);
  for (let at = 0; at < cells * pairs; at++) places[at * stretches + (heads[Math.floor(at / pairs)] as number)] = 1;
  return x
    .reshape<Tensor4D>([-1, cells * pairs, 1, x.shape[1]])
    .mul(tf.tensor3d(places, [cells * pairs, stretches, 1]))
    .reshape([-1, width]);
}

/** A prefix's keys and values [nKvHeads, 1 or pairs, P, dHead] as each cell's own head reads them: [1, cells · pairs, P, dHead]. */
export function prefixOfCells(
  { keys, values }: KeyValues,
  kvHeads: readonly number[],
  { cells, pairs }: Pick<Layout, 'cells' | 'pairs'>,
): KeyValues {
  const of = (x: Tensor4D): Tensor4D => {
    const [, contexts, positions, dHead] = x.shape;
    const own: Tensor4D = tf.gather(x, tf.tensor1d([...kvHeads], 'int32'), 0);
    const each = contexts === pairs ? own : own.tile([1, pairs, 1, 1]);
    return each.reshape([1, cells * pairs, positions, dHead]);
  };
  return { keys: of(keys), values: of(values) };
}
