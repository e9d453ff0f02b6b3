/** What a shard of a direction experiment runs: both prompts for the difference and again along it, then every candidate. */
import { headOf, layersOf, placesOf, positionList } from '../direction/layers.ts';
import { candidatesAtATime, pairsAtATime } from '../direction/rows-at-a-time.ts';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { countForward } from './count-forward.ts';
import { countCleanRuns, countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { prefixRows } from './count-pair-runs.ts';
import { WorkCount, type PlannedModel, type PlannedRun } from './work-count.ts';

type Spec = SpecOf<'direction'>;

/** @param model with the pairs of the whole data set, which tell what directions there are to try. */
export function countDirection(spec: Spec, shard: Shard, model: PlannedRun): WorkCount {
  const count = new WorkCount(model.config);
  const candidates = candidateLayers(spec, model);
  count.hold(
    8 * (layersOf(spec.options, model.config).length * positionList(spec.options).length) * model.config.dModel,
  );
  for (let round = 0; round < 2; round++) countReading(count, spec, shard, model);
  for (const block of shardBlocks(shard))
    count.scope(() => {
      countPlainRuns(count, spec, block, model);
      if (spec.options.select) countTrials(count, spec, block, { model, candidates });
    });
  return count;
}

/** One round's reading of the residual stream, or of heads' results, up to the last layer that is asked for. */
function countReading(count: WorkCount, { options }: Spec, shard: Shard, model: PlannedModel): void {
  const { config } = model;
  const isHeads = options.method === 'heads';
  const seen = new Set(isHeads ? (options.heads ?? []).map((name) => headOf(name).layer) : layersOf(options, config));
  const layers = Math.max(...seen) + 1;
  const positions = positionList(options);
  const groups = shardBlocks(shard, (pair) => JSON.stringify(positions.map((position) => placesOf(pair, position))));
  for (const { pairs: alike, length } of groups) {
    const size = pairsAtATime(model, length);
    for (let start = 0; start < alike.length; start += size) {
      const cells = 2 * Math.min(size, alike.length - start);
      countForward(count, { cells, length }, config, { seen, layers, all: true });
      if (!isHeads) continue;
      count.product(cells * length, config.nHeads * config.dHead, config.dModel, seen.size);
      count.needs(4 * 3 * cells * length * config.nHeads * config.dModel);
    }
  }
}

/** Rows of a block's prompts of one side, with the prefix that they share. */
function sideRows(block: PairBlock) {
  return [prefixRows(block), { rows: block.pairs.length * suffixLength(block), keys: block.length }];
}

/** Both prompts as they are; the corrupted one's residual streams are kept for additions to start from. */
function countPlainRuns(count: WorkCount, { metric }: Spec, block: PairBlock, model: PlannedModel): void {
  const { config } = model;
  const layers = metricLayers(metric, config);
  const pairs = block.pairs.map(({ pair }) => pair);
  countOpening(count, metric, pairs, model);
  const rows = sideRows(block).reduce((sum, group) => sum + group.rows, 0);
  for (let side = 0; side < 2; side++) {
    count.blocks('trace', sideRows(block), { layers, lastRows: cutRows(block, 1, layers === config.nLayers) });
    countMetric(count, metric, pairs.length, model);
  }
  count.hold(4 * layers * rows * config.dModel);
}

/** Rows that a last block gives: of every cell of prefix and suffixes its last position. */
function cutRows({ prefixes, prefixLength, pairs }: PairBlock, times: number, isLast: boolean): number | undefined {
  return isLast ? times * (pairs.length + (prefixLength > 0 ? prefixes.length : 0)) : undefined;
}

interface Candidates {
  /** The layer of each candidate whose direction is not zero. */
  added: number[];
  /** How many of them differ. */
  distinct: number;
}

/** Positions before every pair's first difference have no direction; nor have tokens that are the same, at layer 0. */
function candidateLayers({ options }: Spec, { pairs, config }: PlannedRun): Candidates {
  const layers = layersOf(options, config);
  const isAny = (position: number | string, differs: (place: number, pair: ResolvedPair) => boolean): boolean =>
    pairs.some((pair) => placesOf(pair, position).some((place) => differs(place, pair)));
  const slots = positionList(options);
  const reached = slots.filter((position) => isAny(position, (place, pair) => place >= pair.firstDifference));
  const embedded = slots.filter((position) =>
    isAny(position, (at, { clean, corrupted }) => clean[at] !== corrupted[at]),
  );
  if (options.method === 'heads')
    return { added: layers.flatMap((layer) => reached.map(() => layer)), distinct: reached.length };
  const added = layers.flatMap((layer) => (layer === 0 ? embedded : reached).map(() => layer));
  return { added, distinct: added.length };
}

/** Each candidate ablated for the metric and for its KL divergence, and added at its layer. */
function countTrials(
  count: WorkCount,
  { metric }: Spec,
  block: PairBlock,
  { model, candidates }: { model: PlannedModel; candidates: Candidates },
): void {
  const { config } = model;
  const end = metricLayers(metric, config);
  const pairs = block.pairs.map(({ pair }) => pair);
  countCleanRuns(count, pairs, model);
  const size = candidatesAtATime(model, block);
  const run = (times: number, first: number, layers: number, read: typeof metric): void => {
    const groups = sideRows(block).map(({ rows, keys }) => ({ rows: rows * times, keys }));
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    count.scope(() => {
      count.hold(2 * 4 * rows * config.dModel);
      const lastRows = cutRows(block, times, layers === config.nLayers);
      count.blocks('trace', groups, { layers: layers - first, lastRows });
      // Each of the three places of a block that are changed.
      count.elementwise((layers - first) * 3 * 8, (layers - first) * 3 * 4 * rows * config.dModel);
    });
    countMetric(count, read, times * pairs.length, model);
  };
  for (let start = 0; start < candidates.distinct; start += size) {
    const times = Math.min(size, candidates.distinct - start);
    run(times, 0, end, metric);
    run(times, 0, config.nLayers, 'kl-divergence');
  }
  const added = candidates.added.filter((layer) => layer < end);
  for (let start = 0; start < added.length; start += size) {
    const own = added.slice(start, start + size);
    run(own.length, Math.min(...own), end, metric);
  }
}
