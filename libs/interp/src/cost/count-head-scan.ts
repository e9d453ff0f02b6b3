/**
 * What a shard of a head scan runs: the patching of every head, then the checks. Which heads are chosen its scores will tell,
 * so checks are counted as from the first layer that may have some.
 */
import { layersOf } from '../direction/layers.ts';
import { candidatesAtATime } from '../direction/rows-at-a-time.ts';
import { RANDOM_SETS, type HeadScanSpec } from '../head-scan/chosen-heads.ts';
import { directionSpec, patchingSpec, STEERED, steeringSpec } from '../head-scan/part-specs.ts';
import type { Shard } from '../shard.ts';
import { shardBlocks, suffixLength, type PairBlock } from '../suffix/pair-block.ts';
import { countSteering } from './count-completions.ts';
import { countDirection } from './count-direction.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { countPairRuns } from './count-pair-runs.ts';
import { countPatching } from './count-patching.ts';
import type { WorkCount } from './work-count.ts';
import { type PlannedModel, type PlannedRun } from './work-count.ts';

export function countHeadScan(spec: HeadScanSpec, shard: Shard, model: PlannedRun): WorkCount {
  const { config } = model;
  const { validate } = spec.options;
  const count = countPatching(patchingSpec(spec), shard, model);
  const first = { layer: Math.min(...layersOf(spec.options, config)), head: 0 };
  for (const block of shardBlocks(shard)) {
    if (validate.includes('ablate')) countPairRuns(count, block, { layers: config.nLayers });
    const changes = (validate.includes('patch') ? 1 : 0) + (validate.includes('ablate') ? 2 : 0);
    if (changes > 0) countJoint(count, spec, block, { model, changes, first: first.layer });
  }
  if (!validate.includes('steer')) return count;
  count.add(countDirection(directionSpec(spec, [first]), shard, model));
  const direction = new Float32Array(config.dModel);
  for (const way of STEERED)
    count.add(countSteering(steeringSpec(spec, { way, heads: [first], direction, config }), shard, model));
  return count;
}

/** Both sides, and of each change a pass of all sets, as many at a time as fit. */
function countJoint(
  count: WorkCount,
  { metric }: HeadScanSpec,
  block: PairBlock,
  { model, changes, first }: { model: PlannedModel; changes: number; first: number },
): void {
  const { config } = model;
  const pairs = block.pairs.length;
  const layers = metricLayers(metric, config);
  const sets = RANDOM_SETS + 1;
  const size = Math.min(sets, candidatesAtATime(model, block));
  count.scope(() => {
    countOpening(
      count,
      metric,
      block.pairs.map(({ pair }) => pair),
      model,
    );
    countPairRuns(count, block, { layers });
    count.hold(4 * 2 * layers * pairs * suffixLength(block) * config.nHeads * config.dHead);
    for (let pass = 0; pass < changes * Math.ceil(sets / size); pass++) {
      const rows = size * pairs * suffixLength(block);
      const lastRows = layers === config.nLayers ? size * pairs : undefined;
      count.needs(2 * 4 * rows * config.dModel);
      count.blocks('trace', [{ rows, keys: block.length }], { layers: Math.max(0, layers - first), lastRows });
      countMetric(count, metric, size * pairs, model);
    }
  });
}
