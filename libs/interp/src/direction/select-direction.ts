/**
 * The choice among candidate directions, by the rules of Arditi et al. 2024 (arXiv 2406.11717, select_direction.py of their
 * code): dropped are directions of the last fifth of the layers, those whose ablation changes harmless answers too much and
 * those that do not induce the behaviour; of the others the one whose ablation leaves least of it.
 */
import type { ModelConfig } from '@demur/model';
import type { NamedArray } from '../named-array.ts';
import { layersOf, positionList } from './layers.ts';
import type { DirectionExperiment } from './layers.ts';

/** A candidate with its means over pairs. */
export interface SelectedDirection {
  layer: number;
  position: number | string;
  /** The metric of the clean prompts with the direction ablated everywhere. */
  ablation: number;
  /** The metric of the corrupted prompts with the direction added at its layer. */
  addition: number;
  /** KL divergence, in nats, of the corrupted prompts' next token under ablation from without. */
  kl: number;
}

export interface Selection {
  selected: SelectedDirection | null;
  /** Why none was: how many candidates each rule dropped. */
  unselected?: string;
}

/** Chooses by `selection.ablation`, `.addition`, `.kl` and `norms`, all [layer, position]. */
export function selectDirection(
  { options }: DirectionExperiment,
  arrays: Record<string, NamedArray>,
  config: Pick<ModelConfig, 'nLayers'>,
): Selection {
  const layers = layersOf(options, config);
  const positions = positionList(options);
  const at = (name: string, i: number): number => arrays[name]!.values[i]!;
  // In the order of the paper's code, which takes the first of equals: positions outermost.
  const candidates = positions.flatMap((position, slot) =>
    layers.map((layer, l) => {
      const i = l * positions.length + slot;
      const [ablation, addition, kl] = [
        at('selection.ablation', i),
        at('selection.addition', i),
        at('selection.kl', i),
      ];
      return { layer, position, ablation, addition, kl, norm: at('norms', i) };
    }),
  );
  const rules = rulesOf(options, config);
  const dropped = rules.map(() => 0);
  const left = candidates.filter((candidate) => {
    const rule = rules.findIndex(({ drops }) => drops(candidate));
    if (rule >= 0) dropped[rule]!++;
    return rule < 0;
  });
  const best = left.reduce<Candidate | undefined>(
    (a, b) => (a === undefined || b.ablation < a.ablation ? b : a),
    undefined,
  );
  if (best === undefined) return { selected: null, unselected: reasonText(rules, dropped) };
  const { layer, position, ablation, addition, kl } = best;
  return { selected: { layer, position, ablation, addition, kl } };
}

type Candidate = SelectedDirection & { norm: number };

interface Rule {
  drops: (candidate: Candidate) => boolean;
  says: string;
}

function rulesOf(
  { maxKl, minAddition, dropLast }: DirectionExperiment['options'],
  config: Pick<ModelConfig, 'nLayers'>,
): Rule[] {
  const firstDropped = Math.trunc(config.nLayers * (1 - dropLast));
  return [
    { drops: ({ norm }) => norm === 0, says: 'are zero, since the prompts do not differ there yet' },
    {
      drops: ({ ablation, addition, kl }) => ![ablation, addition, kl].every(Number.isFinite),
      says: 'have an effect that is not finite',
    },
    {
      drops: ({ layer }) => layer >= firstDropped,
      says: `are of layer ${firstDropped} or later (dropLast ${dropLast})`,
    },
    { drops: ({ kl }) => kl > maxKl, says: `change harmless answers by a KL divergence above ${maxKl} (maxKl)` },
    {
      drops: ({ addition }) => addition < minAddition,
      says: `bring the metric of corrupted prompts below ${minAddition} when added (minAddition)`,
    },
  ];
}

function reasonText(rules: readonly Rule[], dropped: readonly number[]): string {
  const parts = rules.flatMap(({ says }, i) => (dropped[i] === 0 ? [] : [`${dropped[i]} ${says}`]));
  return `no candidate is left: ${parts.join('; ')}`;
}
