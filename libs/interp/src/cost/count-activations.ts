/** What a shard of an activations experiment runs: both prompts whole, and back where gradients are asked for. */
import { expandHookPattern, type HookName, type ModelConfig } from '@demur/model';
import type { SpecOf } from '../kinds/kind.ts';
import type { Shard } from '../shard.ts';
import { countForward, countGradients } from './count-forward.ts';
import { countMetric, countOpening, metricLayers } from './count-metrics.ts';
import { WorkCount, type PlannedModel } from './work-count.ts';

export function countActivations(spec: SpecOf<'activations'>, shard: Shard, model: PlannedModel): WorkCount {
  const { config } = model;
  const { names: patterns, logits, gradients } = spec.options;
  const count = new WorkCount(config);
  const names = new Set(patterns.flatMap((name) => expandHookPattern(name, config).map((hook) => hook.name)));
  const layers = metricLayers(spec.metric, config);
  const seen = new Set([...layersOf(names), layers - 1]);
  const seesFinalNorm = [...names].some((name) => name.startsWith('ln_final'));
  const end = logits === 'none' && !seesFinalNorm ? Math.max(...seen) + 1 : config.nLayers;
  const perToken = [...names].reduce((sum, name) => sum + widthOf(name, shard.columns, config), 0);
  const vocabulary = logits === 'all' ? config.dVocab * shard.columns : logits === 'last' ? config.dVocab : 0;
  const sides = gradients ? 4 : 2;
  count.hold(4 * shard.pairs.length * (sides * perToken * shard.columns + 2 * vocabulary));
  for (const [length, pairs] of Map.groupBy(shard.pairs, ({ pair }) => pair.clean.length))
    count.scope(() => {
      const batch = { cells: pairs.length, length };
      countOpening(
        count,
        spec.metric,
        pairs.map(({ pair }) => pair),
        model,
      );
      for (let side = 0; side < 2; side++)
        count.scope(() => {
          count.hold(4 * pairs.length * (perToken * length + (vocabulary / shard.columns) * length));
          countForward(count, batch, config, { seen, layers: end, all: logits === 'all' || seesFinalNorm });
          if (logits !== 'none') count.unembed(logits === 'all' ? batch.cells * length : batch.cells);
          countMetric(count, spec.metric, pairs.length, model);
          if (!gradients) return;
          count.hold(4 * pairs.length * perToken * length);
          const before = { ...model, config: { ...config, nLayers: layers } };
          countGradients(count, batch, before, gradientRange(names, layers, config));
          countMetric(count, spec.metric, pairs.length, model);
        });
    });
  return count;
}

/** Layers with an activation of these names. */
function layersOf(names: ReadonlySet<string>): number[] {
  return [...names].filter((name) => name.startsWith('blocks.')).map((name) => Number(name.split('.')[1]));
}

/** How far back gradients are gone for, in a model that ends after `layers` blocks. */
function gradientRange(names: ReadonlySet<string>, layers: number, { nLayers }: ModelConfig) {
  const reached = [...names].filter((name) => !name.startsWith('blocks.') || Number(name.split('.')[1]) < layers);
  const lowest = reached.map((name) =>
    name.startsWith('ln_final') ? (layers === nLayers ? layers : Infinity) : Number(name.split('.')[1] ?? 0),
  );
  const last = `blocks.${layers - 1}.`;
  const cutsLast = reached.every(
    (name) => name === `${last}hook_resid_pre` || !(name.startsWith(last) || name.startsWith('ln_final')),
  );
  return { lowest: Math.min(layers, ...lowest), cutsLast };
}

/** Numbers of an activation a token, of prompts of `columns` tokens. */
function widthOf(name: HookName, columns: number, config: ModelConfig): number {
  const { dModel, dHead, dMlp, nHeads, nKvHeads } = config;
  const hook = name.split('.').slice(2).join('.');
  if (/hook_(pattern|attn_scores)$/.test(hook)) return nHeads * columns;
  if (/hook_result(_post)?$/.test(hook)) return nHeads * dModel;
  if (/attn\.hook_(q|z|rot_q)$/.test(hook)) return nHeads * dHead;
  if (/attn\.hook_(k|v|rot_k)$/.test(hook)) return nKvHeads * dHead;
  if (hook.startsWith('mlp.')) return dMlp;
  return hook.endsWith('scale') ? 1 : dModel;
}
