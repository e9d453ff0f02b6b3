/** The experiments of other kinds that a head scan is made of: a patching, a direction and a steering by it. */
import type { ModelConfig } from '@demur/model';
import type { SpecOf } from '../kinds/kind.ts';
import { directionOptions } from '../spec/direction-options.ts';
import { steeringOptions } from '../spec/options.ts';
import { headName, type Head, type HeadScanSpec } from './chosen-heads.ts';

/** Adding the direction to the corrupted prompts, and taking it from the clean ones. */
export const STEERED = ['induce', 'inhibit'] as const;

export type SteeredWay = (typeof STEERED)[number];

/** Every head's z patched alone. */
export function patchingSpec(spec: HeadScanSpec): SpecOf<'activation-patching'> {
  const { direction, position: positions } = spec.options;
  return { ...spec, kind: 'activation-patching', options: { direction, positions, activations: ['z'] } };
}

/** What the heads add at the chosen position, clean − corrupted. */
export function directionSpec(spec: HeadScanSpec, heads: readonly Head[]): SpecOf<'direction'> {
  const options = { method: 'heads', heads: heads.map(headName), layers: [0], position: spec.options.steerPosition };
  return { ...spec, kind: 'direction', options: directionOptions.parse(options) };
}

/** Where the direction is added: before the first layer that has read all of the heads, or before the last one. */
export function steeredLayer(heads: readonly Head[], { nLayers }: Pick<ModelConfig, 'nLayers'>): number {
  return Math.min(Math.max(...heads.map(({ layer }) => layer)) + 1, nLayers - 1);
}

export interface SteeringOf {
  way: SteeredWay;
  heads: readonly Head[];
  direction: Float32Array;
  config: Pick<ModelConfig, 'nLayers'>;
}

/** The direction times each coefficient, at every position. */
export function steeringSpec(spec: HeadScanSpec, { way, heads, direction, config }: SteeringOf): SpecOf<'steering'> {
  const sign = way === 'induce' ? 1 : -1;
  const options = {
    direction: { values: [...direction] },
    layers: [steeredLayer(heads, config)],
    coefficients: spec.options.coefficients.map((coefficient) => sign * coefficient),
    run: way === 'induce' ? 'corrupted' : 'clean',
  };
  return { ...spec, kind: 'steering', options: steeringOptions.parse(options) };
}
