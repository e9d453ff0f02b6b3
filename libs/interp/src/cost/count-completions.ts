/** What shards of the kinds that make the model write run: prompts, then a token at a time on cached keys and values. */
import type { ModelConfig } from '@demur/model';
import { rowsAtATime } from '../generation/rows-at-a-time.ts';
import type { SpecOf } from '../kinds/kind.ts';
import { patchedHooks, patchedPositions, sourceOf } from '../generation/patch-places.ts';
import type { Shard } from '../shard.ts';
import { countForward } from './count-forward.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { WorkCount, type PlannedModel } from './work-count.ts';

/** Completions end where a stop token is made: the count is of completions that go on to `maxTokens`. */
export function countGeneration({ options }: SpecOf<'generation'>, shard: Shard, { config }: PlannedModel): WorkCount {
  const count = new WorkCount(config);
  const lengths = shard.pairs.map(({ pair }) => pair[options.run].length);
  const { interventions, patches = [] } = options;
  const seen = editedLayers([...interventions, ...patches], config);
  countPatchSources(count, { options, config }, shard);
  countCompletions(count, lengths, { maxTokens: options.maxTokens, seen, config });
  return count;
}

/** The other prompts, up to the last layer that is patched, and what is put in of them. */
function countPatchSources(
  count: WorkCount,
  { options: { run, patches = [] }, config }: { options: SpecOf<'generation'>['options']; config: ModelConfig },
  shard: Shard,
): void {
  const hooks = patchedHooks(patches, config);
  if (hooks.length === 0) return;
  const seen = new Set(hooks.map(({ layer }) => layer));
  for (const { pair } of shard.pairs)
    for (const { places } of hooks)
      count.hold(4 * config.dModel * patchedPositions(places, pair, shard.columns).length);
  for (const [length, { length: cells }] of Map.groupBy(shard.pairs, ({ pair }) => pair[sourceOf(run)].length))
    count.scope(() => {
      count.hold(4 * cells * length * config.dModel * hooks.length);
      countForward(count, { cells, length }, config, { seen, layers: Math.max(...seen) + 1 });
    });
}

/** Every pair once as it is and once a coefficient, with the residual streams that metrics read. */
export function countSteering(spec: SpecOf<'steering'>, shard: Shard, model: PlannedModel): WorkCount {
  const { config } = model;
  const { coefficients, run, maxTokens, logits } = spec.options;
  const count = new WorkCount(config);
  const pairs = shard.pairs.map(({ pair }) => pair);
  const lengths = pairs.map((pair) => pair[run].length);
  countOpening(count, spec.metric, pairs, model);
  const read = new Set([metricLayers(spec.metric, config) - 1, config.nLayers - 1]);
  countCompletions(count, lengths, { maxTokens: 0, seen: read, config });
  const rows = coefficients.flatMap(() => lengths);
  if (logits === 'last') count.hold(4 * rows.length * config.dVocab);
  const seen = new Set([...read, ...editedLayers([spec.options], config)]);
  countCompletions(count, rows, { maxTokens, seen, later: editedLayers([spec.options], config), config });
  for (const size of [pairs.length, rows.length]) {
    countMetric(count, spec.metric, size, model);
    // How far the next token's distribution is from the plain run's.
    countMetric(count, 'kl-divergence', size, model);
  }
  count.hold(4 * pairs.length * config.dVocab);
  return count;
}

/** Layers that an intervention acts in. */
function editedLayers(
  interventions: readonly { layers: 'all' | number[] }[],
  { nLayers }: ModelConfig,
): ReadonlySet<number> {
  const all = Array.from({ length: nLayers }, (_, layer) => layer);
  return new Set(interventions.flatMap(({ layers }) => (layers === 'all' ? all : layers)));
}

interface CompletionWork {
  maxTokens: number;
  /** Layers that somebody looks at in the prompts' pass. */
  seen: ReadonlySet<number>;
  /** And in later passes; the same unless said. */
  later?: ReadonlySet<number>;
  config: ModelConfig;
}

function countCompletions(count: WorkCount, prompts: readonly number[], work: CompletionWork): void {
  const size = rowsAtATime(work.config, Math.max(...prompts), work.maxTokens);
  for (let start = 0; start < prompts.length; start += size) {
    const lengths = Map.groupBy(prompts.slice(start, start + size), (length) => length);
    for (const [length, { length: cells }] of lengths) countBatch(count, { cells, length }, work);
  }
}

/** Prompts of one length to their ends. */
function countBatch(
  count: WorkCount,
  { cells, length }: { cells: number; length: number },
  { maxTokens, seen, later = seen, config }: CompletionWork,
): void {
  const steps = Math.max(0, Math.min(maxTokens, config.nCtx - length + 1) - 1);
  const cacheBytes = (columns: number): number => 8 * config.nLayers * config.nKvHeads * config.dHead * cells * columns;
  count.scope(() => {
    count.hold(cacheBytes(length));
    countForward(count, { cells, length }, config, { seen });
    count.unembed(cells);
    if (steps === 0) return;
    // Each step writes the cache anew, one token longer, beside the one that it has.
    count.hold(cacheBytes(length + 2 * steps));
    const keys = length + (steps + 1) / 2;
    for (let layer = 0; layer < config.nLayers; layer++)
      count.blocks(later.has(layer) ? 'trace' : 'pass', [{ rows: cells, keys }], { layers: steps });
    for (let step = 0; step < steps; step++) count.unembed(cells);
    // Logits are read and looked over for each token, and caches copied.
    const cached = 2 * config.nLayers * config.nKvHeads * config.dHead * cells * keys * 2;
    count.elementwise(steps * 4 * config.nLayers, steps * (cached + 8 * cells * config.dVocab));
  });
}
