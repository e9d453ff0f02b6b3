/**
 * Activation patching of a block of pairs: every cell of the grids that a spec asks for, as metric values per pair.
 * Which cells run together is plan-sweeps.ts's part; the runs themselves are sweep.ts's.
 */
import * as tf from '@tensorflow/tfjs';
import type { Tensor } from '@tensorflow/tfjs';
import { lastRows } from '@demur/model/engine';
import type { Transformer } from '@demur/model/engine';
import type { CancelToken } from '../engine/cancel-token.ts';
import type { Metric } from '../metrics/metric.ts';
import type { Readings } from '../readings.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import type { Side } from '../suffix/pair-runs.ts';
import { baseRuns } from './base-runs.ts';
import type { BaseRuns } from './base-runs.ts';
import { positionSets } from './cells.ts';
import type { Positions, PositionSet } from './cells.ts';
import { headsOfSite } from './site-names.ts';
import type { PatchSite } from './site-names.ts';
import { planSweeps, rowsThatFit } from './plan-sweeps.ts';
import { runSweep } from './sweep.ts';
import type { OnCell } from './sweep.ts';

export interface PatchingOptions {
  direction: 'denoising' | 'noising';
  sites: readonly PatchSite[];
  positions: Positions;
  /** Whether a cell is patched at all layers up to its own. */
  isUpTo: boolean;
  /** T: columns of the result's arrays. */
  columns: number;
  metric: Metric;
  readings: Readings;
  cancel: CancelToken;
  /** Called with what the sweeps have done of `total` layers of sweeps. */
  onStep: (done: number, total: number) => void;
  /** Rows of a pass at most; by default what fits beside the weights. */
  maxRows?: number;
}

/** A block's results: pairs in the block's order. */
export interface BlockPatching {
  clean: Float32Array;
  corrupted: Float32Array;
  cells: { site: PatchSite; layer: number; head: number; set: PositionSet; values: Float32Array }[];
}

/** The metric of one side's own run, [pairs]. */
function metricOf(base: BaseRuns, metric: Metric, side: Side): Tensor {
  return metric.values(lastRows(base.final[side], base.group), base.block.pairs.length);
}

/** Runs all cells of a block. The metric's pairs are the block's, in its order. */
export async function patchBlock(
  model: Transformer,
  block: PairBlock,
  options: PatchingOptions,
): Promise<BlockPatching> {
  const to: Side = options.direction === 'denoising' ? 'corrupted' : 'clean';
  const { sites, isUpTo, metric, readings, cancel, onStep, maxRows = rowsThatFit(model) } = options;
  const sets = positionSets(block, options.positions, options.columns);
  const { nLayers } = model.config;
  const sweeps = sites.flatMap((site) =>
    planSweeps(block, site, { sets, nLayers, heads: headsOfSite(site, model.config) ?? 1, isUpTo, maxRows }),
  );
  const results: BlockPatching = { clean: new Float32Array(), corrupted: new Float32Array(), cells: [] };
  tf.tidy(() => {
    const base = baseRuns(model, block, { sites, to, isUpTo, cancel });
    for (const [i, sweep] of sweeps.entries()) {
      const onCell: OnCell = (cell, values) => results.cells.push({ site: sweep.site, ...cell, values });
      const onLayer = (layer: number): void => onStep(i * nLayers + layer, sweeps.length * nLayers);
      runSweep(model, base, { sweep, metric, readings, cancel, onLayer, onCell });
    }
    for (const side of ['clean', 'corrupted'] as const) {
      readings.read(metricOf(base, metric, side), (values) => (results[side] = values.slice()));
    }
  });
  await readings.settle();
  return results;
}
