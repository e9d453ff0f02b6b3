/**
 * Runs many patched runs at once, each from the layer and the position where it first differs, all rows through block l
 * before block l + 1. Exact: what a patched run shares with the destination's own run is that run's.
 *
 * Cells with the same first position form a lane: [S − from] positions × cells, cells in the order in which their layers
 * come. Cells of all layers up to one start from what running-cells.ts makes. Lanes are the row groups of one pass; a lane's fixed keys are the prefix and the destination's own up to `from`.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs';
import { groupRows, lastRows, passBlock, scoped } from '@demur/model/engine';
import type { Block, RowGroup, Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import { suffixLength } from '../suffix/pair-block.ts';
import type { BaseRuns } from './base-runs.ts';
import type { PositionSet } from './cells.ts';
import { headCells, streamCells } from './new-cells.ts';
import { runningCells, runOn, startRunning } from './running-cells.ts';
import type { RunningPatch } from './running-cells.ts';
import { fixedOf } from './set-slices.ts';
import { headsOfSite } from './site-names.ts';
import type { PatchSite } from './site-names.ts';
import type { SitePatch } from './sites.ts';

/** What to run: one site, its position sets, a range of layers. */
export interface Sweep {
  site: PatchSite;
  sets: readonly PositionSet[];
  /** Layers to patch at: from the first to one before the last. */
  layers: readonly [number, number];
  /** Whether a cell is patched at all layers up to its own. */
  isUpTo: boolean;
}

/** A finished cell: metric values of the block's pairs. */
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
    const added = lastPositions(cells.added[i] as Tensor3D, lane.group.positions);
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
    let passing: Passing = { rows: null, running: sweep.isUpTo ? startRunning(base, sweep.sets) : null };
    for (let layer = 0; layer < base.layers.length; layer++) {
      cancel.throwIfCancelled();
      onLayer(layer);
      const input = { base, lanes, rows: passing.rows, layer, sweep };
      const { running } = passing;
      passing = running === null ? { rows: step(model, input), running } : stepUpTo(model, { ...input, running });
    }
    onLayer(base.layers.length);
    if (passing.rows) readMetrics(lanes, passing.rows, options);
  });
}

/** What goes from layer to layer: the cells' rows, and those of the runs that are patched at every layer so far. */
interface Passing {
  rows: Tensor2D | null;
  running: Tensor2D | null;
}

interface StepInput {
  base: BaseRuns;
  lanes: Lane[];
  rows: Tensor2D | null;
  layer: number;
  sweep: Sweep;
}

/** Runs the block, and takes in the cells that are patched at this layer; frees what came before. */
function step(model: Transformer, { base, lanes, rows, layer, sweep }: StepInput): Tensor2D | null {
  const patch = patchAt(base, sweep, layer);
  const isStream = patch !== null && 'stream' in patch;
  const startsHere = isStream && patch.startLayer === layer;
  const cohort = { layer, heads: headsOfSite(sweep.site, model.config) ?? 1 };
  const next = scoped(() => {
    const current = startsHere
      ? withNewCells(rows, lanes, { added: streamCells(base, patch, sweep.sets), cohort })
      : rows;
    const onward = (block: Block | null): Tensor2D | null => {
      const ran = current && block && runLanes(block, current, lanes, { base, layer });
      if (layer === base.layers.length - 1) keepLastPosition(lanes);
      if (patch === null || startsHere) return ran;
      const added = isStream
        ? streamCells(base, patch, sweep.sets)
        : headCells(block as Block, patch, sweep.sets, { base, ...cohort });
      return withNewCells(ran, lanes, { added, cohort });
    };
    const needsWeights = current !== null || (patch !== null && !isStream);
    return needsWeights ? model.withBlock(layer, onward) : onward(null);
  });
  rows?.dispose();
  return next;
}

/** As `step`, of cells that are patched at all layers up to theirs; after the last layer to patch at nothing runs on. */
function stepUpTo(
  model: Transformer,
  { base, lanes, rows, running, layer, sweep }: StepInput & { running: Tensor2D },
): Passing {
  const [first, end] = sweep.layers;
  const patch = base.layers[layer]?.running[sweep.site] as RunningPatch;
  const groups = lanes.map(({ group, set }) => ({ ...laneGroup({ group, set }, base, layer), cells: set.pairs }));
  const onward = (block: Block): Passing => {
    const ran = rows && runLanes(block, rows, lanes, { base, layer });
    const on = runOn(block, running, patch, { base, sets: sweep.sets, groups });
    if (layer === base.layers.length - 1) keepLastPosition(lanes);
    const added = runningCells(on, sweep.sets, base);
    const joined = layer < first ? ran : withNewCells(ran, lanes, { added, cohort: { layer, heads: 1 } });
    return { rows: joined, running: layer === end - 1 ? null : on };
  };
  const next = scoped(() => model.withBlock(layer, onward));
  rows?.dispose();
  running.dispose();
  return next;
}

/** What the sweep patches at a layer, if it does. */
function patchAt(base: BaseRuns, { site, layers }: Sweep, layer: number): SitePatch | null {
  if (layer < layers[0] || layer >= layers[1]) return null;
  const patch = base.layers[layer]?.patches[site];
  if (patch === undefined) throw new RangeError(`no patch of ${site} at layer ${layer}`);
  return patch;
}

/** After the last block, which computes the last position alone, lanes have one. */
function keepLastPosition(lanes: readonly Lane[]): void {
  for (const lane of lanes) lane.group = { ...lane.group, positions: 1 };
}

/** The last `count` positions of x [positions, cells, d]. */
function lastPositions(x: Tensor3D, count: number): Tensor3D {
  const [positions, cells, width] = x.shape;
  return count === positions ? x : x.slice([positions - count, 0, 0], [count, cells, width]);
}

/** A lane as a row group of a layer. */
function laneGroup({ group, set }: Pick<Lane, 'group' | 'set'>, base: BaseRuns, layer: number): RowGroup {
  return { ...group, contexts: set.pairs, fixed: fixedOf(base, layer, set) };
}

/** One block of all lanes. The last one gives the last position alone. */
function runLanes(
  block: Block,
  rows: Tensor2D,
  lanes: readonly Lane[],
  { base, layer }: { base: BaseRuns; layer: number },
): Tensor2D {
  const groups = lanes.map((lane) => laneGroup(lane, base, layer));
  return passBlock(block, rows, groups, { lastOnly: layer === base.layers.length - 1 }).residPost;
}

/** The metric of every cell, from the last position's rows. */
function readMetrics(
  lanes: readonly Lane[],
  rows: Tensor2D,
  { metric, readings, onCell }: Pick<SweepOptions, 'metric' | 'readings' | 'onCell'>,
): void {
  let before = 0;
  for (const { set, group, cohorts } of lanes) {
    const laneRowsAll = rows.slice([before, 0], [groupRows(group), rows.shape[1]]);
    before += groupRows(group);
    readings.read(metric.values(lastRows(laneRowsAll, group), set.pairs), (values) => {
      let cell = 0;
      for (const { layer, heads } of cohorts) {
        for (let head = 0; head < heads; head++, cell++) {
          onCell({ layer, head, set }, values.slice(cell * set.pairs, (cell + 1) * set.pairs));
        }
      }
    });
  }
}
