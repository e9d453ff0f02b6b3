/**
 * Runs many patched runs at once, each from the layer and the position where it first differs, all rows through block l
 * before block l + 1. Exact: what a patched run shares with the destination's own run is that run's.
 *
 * Cells with the same first position form a lane: [S − from] positions × cells, cells in the order in which their layers
 * come. Lanes are the row groups of one pass; a lane's fixed keys are the prefix and the destination's own up to `from`.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs';
import { groupRows, lastRows, passBlock, scoped } from '@demur/model/engine';
import type { Block, KeyValues, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { Metric } from '../metric.ts';
import type { Readings } from '../readings.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { BaseRuns } from './base-runs.ts';
import { stretches } from './cells.ts';
import type { PositionSet, Stretch } from './cells.ts';
import type { PatchSite, SitePatch } from './sites.ts';

/** What to run: one site, its position sets, a range of layers. */
export interface Sweep {
  site: PatchSite;
  sets: readonly PositionSet[];
  /** Layers to patch at: from the first to one before the last. */
  layers: readonly [number, number];
}

/** A finished cell: metric values of its pairs, the first ones of the block. */
export type OnCell = (cell: { layer: number; head: number; set: PositionSet }, values: Float32Array) => void;

/** New cells of a lane: patched at `layer`, all heads of the site, heads major, pairs varying fastest. */
interface Cohort {
  layer: number;
  heads: number;
}

interface Lane {
  set: PositionSet;
  group: RowGroup;
  cohorts: Cohort[];
}

/** A destination tensor [S · pairs, d] as the rows of `set`'s pairs at a stretch of positions: [positions, pairs', d]. */
function laneRows(x: Tensor2D, set: PositionSet, { stretch, base }: { stretch: Stretch; base: BaseRuns }): Tensor3D {
  const { positions, cells } = base.group;
  return x
    .reshape<Tensor3D>([positions, cells, x.shape[1]])
    .slice<Tensor3D>([stretch.from, 0, 0], [stretch.to - stretch.from, set.pairs, x.shape[1]]);
}

/** Patched rows at a stretch of positions, heads major: [positions, heads · pairs', d]. */
function patchRows(
  patched: Tensor3D,
  set: PositionSet,
  { stretch, base }: { stretch: Stretch; base: BaseRuns },
): Tensor3D {
  const [heads, , width] = patched.shape;
  const { positions, cells } = base.group;
  const count = stretch.to - stretch.from;
  return patched
    .reshape<Tensor4D>([heads, positions, cells, width])
    .slice<Tensor4D>([0, stretch.from, 0, 0], [heads, count, set.pairs, width])
    .transpose<Tensor4D>([1, 0, 2, 3])
    .reshape<Tensor3D>([count, heads * set.pairs, width]);
}

/** The first rows of new cells, [S − from, heads · pairs', d]: the patch at its positions, the destination's elsewhere. */
function cohortRows(base: BaseRuns, set: PositionSet, patched: Tensor3D, start: Tensor2D): Tensor3D {
  const heads = patched.shape[0];
  const rows = stretches(set, base.group.positions).map((stretch) => {
    if (stretch.isPatched) return patchRows(patched, set, { stretch, base });
    const own = laneRows(start, set, { stretch, base });
    return heads === 1 ? own : own.tile<Tensor3D>([1, heads, 1]);
  });
  return rows.length === 1 ? rows[0]! : tf.concat3d(rows, 0);
}

function firstPositions(x: Tensor4D, pairs: number, positions: number): Tensor4D {
  const [kv, , , dHead] = x.shape;
  return x.slice([0, 0, 0, 0], [kv, pairs, positions, dHead]);
}

function firstCells({ keys, values }: KeyValues, pairs: number, positions: number): KeyValues {
  return { keys: firstPositions(keys, pairs, positions), values: firstPositions(values, pairs, positions) };
}

/** Keys and values that a lane's cells read but do not compute: the prefix's, and the destination's before `from`. */
function fixedOf(base: BaseRuns, layer: number, set: PositionSet): KeyValues[] {
  const { prefix, keyValues } = base.layers[layer] as BaseRuns['layers'][number];
  const fixed: KeyValues[] = [];
  if (prefix) {
    const [, cells, length] = prefix.keys.shape;
    fixed.push(cells === 1 ? prefix : firstCells(prefix, set.pairs, length));
  }
  if (set.from > 0) fixed.push(firstCells(keyValues, set.pairs, set.from));
  return fixed;
}

function newLane(model: Transformer, base: BaseRuns, set: PositionSet): Lane {
  const positions = suffixLength(base.block) - set.from;
  const start = base.block.prefixLength + set.from;
  return { set, group: model.group({ cells: 0, start, positions, length: base.block.length }), cohorts: [] };
}

/** Adds the lanes' new cells to the rows of the pass: one concat, each position's old rows and then its new ones. */
function withNewCells(rows: Tensor2D | null, lanes: Lane[], cells: { added: Tensor3D[]; cohort: Cohort }): Tensor2D {
  const pieces: Tensor2D[] = [];
  let before = 0;
  for (const [i, lane] of lanes.entries()) {
    const added = cells.added[i] as Tensor3D;
    const [positions, count, width] = added.shape;
    for (let p = 0; p < positions; p++) {
      const old = lane.group.cells;
      if (rows && old > 0) pieces.push(rows.slice([before + p * old, 0], [old, width]));
      pieces.push(added.slice([p, 0, 0], [1, count, width]).reshape([count, width]));
    }
    before += groupRows(lane.group);
    lane.group = { ...lane.group, cells: lane.group.cells + count };
    lane.cohorts.push(cells.cohort);
  }
  return pieces.length === 1 ? (pieces[0] as Tensor2D) : tf.concat2d(pieces, 0);
}

/** The destination's residual stream at the start of a layer; after the last layer, its final one. */
function startOf({ layers, final, to }: BaseRuns, layer: number): Tensor2D {
  return layers[layer]?.residPre ?? final[to];
}

export interface SweepOptions {
  sweep: Sweep;
  metric: Metric;
  readings: Readings;
  cancel: CancelToken;
  onLayer: (layer: number) => void;
  onCell: OnCell;
}

/** Runs a sweep's cells through the layers, and hands each on with its metric. */
export function runSweep(model: Transformer, base: BaseRuns, options: SweepOptions): void {
  const { sweep, cancel, onLayer } = options;
  tf.tidy(() => {
    const lanes = sweep.sets.map((set) => newLane(model, base, set));
    let rows: Tensor2D | null = null;
    for (let layer = 0; layer <= model.config.nLayers; layer++) {
      cancel.throwIfCancelled();
      onLayer(layer);
      rows = step(model, { base, lanes, rows, layer, sweep });
    }
    if (rows) readMetrics(model, lanes, rows, options);
  });
}

interface StepInput {
  base: BaseRuns;
  lanes: Lane[];
  rows: Tensor2D | null;
  layer: number;
  sweep: Sweep;
}

/** Takes in the cells that start at this layer and runs the block; frees what came before. */
function step(model: Transformer, { base, lanes, rows, layer, sweep }: StepInput): Tensor2D | null {
  const next = scoped(() => {
    const current = takeIn(lanes, rows, { base, layer, sweep });
    if (current === null || layer === model.config.nLayers) return current?.clone() ?? null;
    return model.withBlock(layer, (block) => runLanes(block, current, lanes, { base, layer }));
  });
  rows?.dispose();
  return next;
}

/** The rows of the pass with those of the cells that start at this layer. */
function takeIn(
  lanes: Lane[],
  rows: Tensor2D | null,
  { base, layer, sweep }: Pick<StepInput, 'base' | 'layer' | 'sweep'>,
): Tensor2D | null {
  const patchedAt = sweepLayerStartingAt(base, sweep, layer);
  if (patchedAt === null) return rows;
  const patched = patchAt(base, sweep, patchedAt).rows;
  const added = lanes.map(({ set, group }) =>
    lastPositions(cohortRows(base, set, patched, startOf(base, layer)), group.positions),
  );
  return withNewCells(rows, lanes, { added, cohort: { layer: patchedAt, heads: patched.shape[0] } });
}

function patchAt(base: BaseRuns, sweep: Sweep, layer: number): SitePatch {
  const patch = base.layers[layer]?.patches[sweep.site];
  if (patch === undefined) throw new RangeError(`no patch of ${sweep.site} at layer ${layer}`);
  return patch;
}

/** The layer of the sweep whose patched runs start at `layer`, if any. */
function sweepLayerStartingAt(base: BaseRuns, sweep: Sweep, layer: number): number | null {
  const [first, end] = sweep.layers;
  for (let at = first; at < end; at++) if (patchAt(base, sweep, at).startLayer === layer) return at;
  return null;
}

/** The last `count` positions of x [positions, cells, d]. */
function lastPositions(x: Tensor3D, count: number): Tensor3D {
  const [positions, cells, width] = x.shape;
  return count === positions ? x : x.slice([positions - count, 0, 0], [count, cells, width]);
}

/** One block of all lanes. The last one gives the last position alone, so from then on lanes have one position. */
function runLanes(
  block: Block,
  rows: Tensor2D,
  lanes: readonly Lane[],
  { base, layer }: { base: BaseRuns; layer: number },
): Tensor2D {
  const lastOnly = layer === base.layers.length - 1;
  const groups = lanes.map(({ group, set }) => ({ ...group, contexts: set.pairs, fixed: fixedOf(base, layer, set) }));
  if (lastOnly) for (const lane of lanes) lane.group = { ...lane.group, positions: 1 };
  return passBlock(block, rows, groups, { lastOnly }).residPost;
}

/** The metric of every cell, from the last position's rows. */
function readMetrics(
  model: Transformer,
  lanes: readonly Lane[],
  rows: Tensor2D,
  { metric, readings, onCell }: Pick<SweepOptions, 'metric' | 'readings' | 'onCell'>,
): void {
  let before = 0;
  for (const { set, group, cohorts } of lanes) {
    const laneRowsAll = rows.slice([before, 0], [groupRows(group), rows.shape[1]]);
    before += groupRows(group);
    const normalized = model.finalNorm(lastRows(laneRowsAll, group)).normalized;
    readings.read(metric.value(normalized, set.pairs), (values) => {
      let cell = 0;
      for (const { layer, heads } of cohorts) {
        for (let head = 0; head < heads; head++, cell++) {
          onCell({ layer, head, set }, values.slice(cell * set.pairs, (cell + 1) * set.pairs));
        }
      }
    });
  }
}
