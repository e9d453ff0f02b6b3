/** One shard of an edge-patching experiment: every edge's effect, summed over its pairs and, where asked, of each pair. */
import type { Transformer } from '@demur/model/engine';
import { buildGraph } from '../graph/graph.ts';
import { openMetric } from '../metrics/open-metric.ts';
import { nanArray } from '../right-aligned.ts';
import type { NamedArray, Shard, ShardArrays, ShardWork } from '../shard.ts';
import { shardBlocks } from '../suffix/pair-block.ts';
import type { PairBlock } from '../suffix/pair-block.ts';
import { cellsOfEdges } from './edge-cells.ts';
import { edgeNames } from './edge-list.ts';
import type { EdgePatchingSpec } from './edge-list.ts';
import { checkedEdges, checkOptions } from './exact-check.ts';
import type { AttributionSpec } from './exact-check.ts';
import { patchEdges } from './edge-patching.ts';
import type { BlockEffects } from './edge-patching.ts';

/** Arrays `effects` [edge], `effects.pair` [edge, pair] if asked, `baseline.clean` and `baseline.corrupted` [pair]. */
export async function edgePatchingShard(
  model: Transformer,
  spec: EdgePatchingSpec,
  shard: Shard,
  { cancel, onProgress, readings }: ShardWork,
): Promise<ShardArrays> {
  const { edges, kvHeads, perPair } = spec.options;
  const graph = buildGraph(model.config, kvHeads);
  const names = edgeNames(edges, graph);
  const cells = cellsOfEdges(names, graph, model.config);
  const each = nanArray([names.length, shard.pairs.length]);
  const baselines = { clean: nanArray([shard.pairs.length]), corrupted: nanArray([shard.pairs.length]) };
  const blocks = shardBlocks(shard);
  for (const [i, block] of blocks.entries()) {
    const metric = await openMetric(model, spec.metric, { pairs: block.pairs, readings });
    const onStep = (done: number, total: number): void => onProgress(i * total + done, blocks.length * total);
    const results = await patchEdges(model, block, { cells, kvHeads, metric, readings, cancel, onStep });
    writeBlock(block, results, { each, baselines });
  }
  return {
    effects: sumOverPairs(each),
    ...(perPair ? { 'effects.pair': each } : {}),
    'baseline.clean': baselines.clean,
    'baseline.corrupted': baselines.corrupted,
  };
}

/**
 * The second round of an attribution that asks for a check: `check.effects` [edge], of the edges that the scores of the
 * first one choose.
 */
export async function exactCheckShard(
  model: Transformer,
  spec: AttributionSpec,
  { given, ...shard }: Shard,
  work: ShardWork,
): Promise<ShardArrays> {
  const { kvHeads } = spec.options;
  const scores = (given as Record<string, NamedArray>)['scores'] as NamedArray;
  const edges = checkedEdges(scores.values, buildGraph(model.config, kvHeads), checkOptions(spec));
  const patching: EdgePatchingSpec = { ...spec, kind: 'edge-patching', options: { edges, kvHeads, perPair: false } };
  const { effects } = await edgePatchingShard(model, patching, shard, work);
  return { 'check.effects': effects as NamedArray };
}

function writeBlock(
  { pairs }: PairBlock,
  { clean, corrupted, effects }: BlockEffects,
  into: { each: NamedArray; baselines: { clean: NamedArray; corrupted: NamedArray } },
): void {
  const [edges, columns] = into.each.shape as [number, number];
  for (const [i, { place }] of pairs.entries()) {
    into.baselines.clean.values[place] = clean[i] as number;
    into.baselines.corrupted.values[place] = corrupted[i] as number;
    for (let edge = 0; edge < edges; edge++)
      into.each.values[edge * columns + place] = effects[edge * pairs.length + i] as number;
  }
}

/** x [edge, pair] → [edge], in float64 and in the pairs' order. */
function sumOverPairs({ shape, values }: NamedArray): NamedArray {
  const [edges, pairs] = shape as [number, number];
  const sumOf = (edge: number): number => values.subarray(edge * pairs, (edge + 1) * pairs).reduce((a, b) => a + b, 0);
  return { shape: [edges], values: Float32Array.from({ length: edges }, (_, edge) => sumOf(edge)) };
}
