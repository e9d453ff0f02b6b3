/** One shard of an activation-patching experiment: its blocks' cells, put into the arrays that the spec names. */
import type { Transformer } from '@demur/model/engine';
import { openMetric } from '../metrics/open-metric.ts';
import { nanArray } from '../right-aligned.ts';
import type { NamedArray, Shard, ShardArrays, ShardWork } from '../shard.ts';
import type { ExperimentSpec } from '../spec.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { positionSlots, rolePlaces, slotColumns } from './cells.ts';
import type { Positions } from './cells.ts';
import { patchBlock } from './patching.ts';
import type { BlockPatching } from './patching.ts';
import { headsOfSite, SITE_HEADS } from './site-names.ts';
import type { PatchSite } from './site-names.ts';

type PatchingSpec = Extract<ExperimentSpec, { kind: 'activation-patching' }>;

/** Axes of a site's array: [layer, position, pair]; with heads a head axis, and a position axis only when there are several. */
function arrayShape(
  model: Transformer,
  site: PatchSite,
  positions: Positions,
  size: { columns: number; pairs: number },
) {
  const slots = positionSlots(positions, size.columns);
  const heads = headsOfSite(site, model.config);
  const rows = heads === null ? [model.config.nLayers] : [model.config.nLayers, heads];
  return heads !== null && isOneSlot(positions) ? [...rows, size.pairs] : [...rows, slots, size.pairs];
}

function isOneSlot(positions: Positions): boolean {
  return positions === 'all' || positions === 'last';
}

/** Cells that nothing ran for are the destination's own run; columns left of a pair's first token stay NaN. */
function fillWithDestination(
  array: NamedArray,
  place: number,
  { value, isToken }: { value: number; isToken: (slot: number) => boolean },
): void {
  const pairs = array.shape.at(-1) as number;
  const slots = array.shape.at(-2) as number;
  for (let at = place; at < array.values.length; at += pairs) {
    if (isToken(Math.floor(at / pairs) % slots)) array.values[at] = value;
  }
}

function writeBlock(
  arrays: ShardArrays,
  block: PairBlock,
  results: BlockPatching,
  { spec, columns, model }: { spec: PatchingSpec; columns: number; model: Transformer },
): void {
  const { direction, activations, positions } = spec.options;
  const destination = direction === 'denoising' ? results.corrupted : results.clean;
  const columnsOfSlots = slotColumns(positions, columns);
  for (const [i, { place }] of block.pairs.entries()) {
    (arrays['baseline.clean'] as NamedArray).values[place] = results.clean[i] as number;
    (arrays['baseline.corrupted'] as NamedArray).values[place] = results.corrupted[i] as number;
    for (const site of activations) {
      const isToken = (slot: number): boolean =>
        (SITE_HEADS[site] !== null && isOneSlot(positions)) ||
        (columnsOfSlots[slot] ?? columns) >= columns - block.length;
      fillWithDestination(arrays[site] as NamedArray, place, { value: destination[i] as number, isToken });
    }
  }
  for (const { site, layer, head, set, values } of results.cells) {
    const array = arrays[site] as NamedArray;
    const pairs = array.shape.at(-1) as number;
    const heads = headsOfSite(site, model.config) ?? 1;
    const slots = positionSlots(positions, columns);
    const at = ((layer * heads + head) * slots + set.slot) * pairs;
    for (const [i, value] of values.entries()) array.values[at + (block.pairs[i]?.place as number)] = value;
  }
}

/** The grids of one shard's pairs, and both baselines. */
export async function patchingShard(
  model: Transformer,
  spec: PatchingSpec,
  shard: Shard,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { direction, activations, positions } = spec.options;
  const size = { columns: shard.columns, pairs: shard.pairs.length };
  const arrays: ShardArrays = Object.fromEntries(
    activations.map((site) => [site, nanArray(arrayShape(model, site, positions, size))]),
  );
  for (const side of ['clean', 'corrupted']) arrays[`baseline.${side}`] = nanArray([size.pairs]);
  const blocks = shardBlocks(shard, (pair) => rolePlaces(pair, positions));
  for (const [i, block] of blocks.entries()) {
    const metric = await openMetric(model, spec.metric, { pairs: block.pairs, readings });
    const onStep = (done: number, total: number): void => onProgress(i * total + done, blocks.length * total);
    const isUpTo = spec.options.layers === 'up-to';
    const of = { direction, sites: activations, positions, isUpTo, columns: shard.columns };
    // A metric on an earlier layer's residual stream sees no cell after it: those stay the destination's own.
    const results = await patchBlock(model.firstLayers(metric.layers), block, {
      ...of,
      metric,
      readings,
      cancel,
      onStep,
    });
    writeBlock(arrays, block, results, { spec, columns: shard.columns, model });
  }
  return arrays;
}
