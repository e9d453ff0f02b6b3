/** What a shard of an activation patching runs: both sides, and each sweep's cells from their layer and position on. */
import type { ModelConfig } from '@demur/model';
import { positionSets, rolePlaces, stretches, type PositionSet } from '../patching/cells.ts';
import { planSweeps, rowsThatFit } from '../patching/plan-sweeps.ts';
import { headsOfSite, SITE_HEADS, type PatchSite } from '../patching/site-names.ts';
import type { Sweep } from '../patching/sweep.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { metricLayers, countMetric, countOpening } from './count-metrics.ts';
import { countPairRuns, prefixRows } from './count-pair-runs.ts';
import { WorkCount, type PlannedModel } from './work-count.ts';

export function countPatching(spec: SpecOf<'activation-patching'>, shard: Shard, whole: PlannedModel): WorkCount {
  const count = new WorkCount(whole.config);
  const { activations, positions, layers } = spec.options;
  const isUpTo = layers === 'up-to';
  const model = firstLayers(whole, metricLayers(spec.metric, whole.config));
  const { config } = model;
  for (const block of blocksOf(spec, shard))
    count.scope(() => {
      countOpening(
        count,
        spec.metric,
        block.pairs.map(({ pair }) => pair),
        whole,
      );
      const sets = positionSets(block, positions, shard.columns);
      countPairRuns(count, block, { layers: config.nLayers });
      if (!isUpTo) for (const site of activations) countSite(count, site, block, config);
      count.hold(baseBytes(block, activations, config));
      const maxRows = rowsThatFit(model);
      for (const site of activations) {
        const heads = headsOfSite(site, config) ?? 1;
        for (const sweep of planSweeps(block, site, { sets, nLayers: config.nLayers, heads, isUpTo, maxRows })) {
          const rows = countSweep(count, block, { sweep, heads, config });
          countMetric(count, spec.metric, rows, whole);
        }
      }
      countMetric(count, spec.metric, 2 * block.pairs.length, whole);
    });
  return count;
}

function firstLayers(model: PlannedModel, nLayers: number): PlannedModel {
  return { ...model, config: { ...model.config, nLayers } };
}

function blocksOf({ options }: SpecOf<'activation-patching'>, shard: Shard): PairBlock[] {
  return shardBlocks(shard, (pair) => rolePlaces(pair, options.positions));
}

/** What both sides' runs leave of every layer: the destination's rows, keys and values, and what each site takes. */
function baseBytes(block: PairBlock, sites: readonly PatchSite[], config: ModelConfig): number {
  const { nLayers, nHeads, nKvHeads, dHead, dModel } = config;
  const [queries, keyValues] = [nHeads * dHead, 2 * nKvHeads * dHead];
  const width = (site: PatchSite): number =>
    SITE_HEADS[site] === null ? dModel : site === 'k' || site === 'v' ? keyValues / 2 : queries;
  const patches = sites.reduce((sum, site) => sum + width(site), 0);
  const attention = sites.some((site) => SITE_HEADS[site] !== null) ? 2 * queries + dModel : 0;
  const suffixes = block.pairs.length * suffixLength(block);
  // Keys and values are those of the whole pass's groups: the destination's, and the prefix's.
  return 4 * nLayers * (suffixes * (dModel + keyValues + patches + attention) + prefixRows(block).rows * keyValues);
}

/** What making a site's patches takes beside the blocks. */
function countSite(count: WorkCount, site: PatchSite, block: PairBlock, { nLayers, nHeads, dHead }: ModelConfig): void {
  const rows = block.pairs.length * suffixLength(block);
  if (site === 'attn_out') for (let layer = 0; layer < nLayers; layer++) count.mlp(rows);
  if (site === 'q' || site === 'pattern') count.product(rows * nHeads, dHead, block.length, 2 * nLayers);
}

interface SweepOptions {
  sweep: Sweep;
  heads: number;
  config: ModelConfig;
}

/** Counts a sweep and gives its cells' rows at the last position. */
function countSweep(count: WorkCount, block: PairBlock, { sweep, heads, config }: SweepOptions): number {
  const [first, end] = sweep.layers;
  const isWhole = sweep.site === 'resid_pre';
  const rowsOf = (set: PositionSet): number => (suffixLength(block) - set.from) * set.pairs * heads;
  const rows = sweep.sets.reduce((sum, set) => sum + rowsOf(set), 0);
  const cells = sweep.sets.reduce((sum, set) => sum + set.pairs * heads, 0);
  // The rows of the pass, before and after a block.
  const held = 2 * 4 * config.dModel;
  count.scope(() => {
    let cohorts = 0;
    for (let layer = first; layer < config.nLayers; layer++) {
      if (isWhole && layer < end) cohorts++;
      const isLast = layer === config.nLayers - 1;
      const group = { rows: rows * cohorts, keys: block.length };
      count.needs(held * group.rows);
      if (sweep.isUpTo && layer < end)
        count.blocks('pass', [{ rows, keys: block.length }], { groups: sweep.sets.length });
      count.blocks('pass', [group], { lastRows: isLast ? cells * cohorts : undefined, groups: sweep.sets.length });
      if (layer < end) countJoining(count, block, { sweep, rows: rows * (cohorts + 1), config });
      if (isWhole || layer >= end) continue;
      countHeads(count, block, { sweep, heads, config });
      cohorts++;
    }
    count.needs(held * rows * cohorts);
  });
  return cells * (end - first);
}

/** New cells beside those that run: of every position of every lane the old rows and the new ones, joined. */
function countJoining(
  count: WorkCount,
  block: PairBlock,
  { sweep, rows, config }: { sweep: Sweep; rows: number; config: ModelConfig },
): void {
  const positions = sweep.sets.reduce((sum, { from }) => sum + suffixLength(block) - from, 0);
  count.elementwise(4 * positions + 8 * sweep.sets.length, 3 * rows * config.dModel);
}

/** A layer's patched heads: what they change of the residual stream goes through W_O and the MLP, head by head. */
function countHeads(count: WorkCount, block: PairBlock, { sweep, heads, config }: SweepOptions): void {
  if (SITE_HEADS[sweep.site] === null) return;
  const { nHeads, dHead, dModel } = config;
  const readsOn = sweep.site === 'k' || sweep.site === 'v';
  for (const set of sweep.sets) {
    const positions = suffixLength(block);
    const changed = stretches(readsOn ? { ...set, to: positions, holes: [] } : set, positions);
    const patched = changed.reduce((sum, { isPatched, from, to }) => sum + (isPatched ? to - from : 0), 0);
    const rows = patched * set.pairs;
    if (readsOn) count.product(rows * nHeads, dHead, block.length, 2);
    count.product(rows, nHeads * dHead, dModel);
    count.elementwise(20, 6 * rows * heads * dModel);
    count.mlp(rows * heads);
  }
}
