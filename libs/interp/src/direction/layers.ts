/** The layers and positions of a direction experiment: the first two axes of its arrays. */
import type { ModelConfig } from '@demur/model';
import { positionsOfRole } from '../dataset/roles.ts';
import type { ResolvedPair } from '../dataset/resolved-pair.ts';
import type { ExperimentSpec } from '../spec.ts';

export type DirectionExperiment = Extract<ExperimentSpec, { kind: 'direction' }>;
type Options = DirectionExperiment['options'];

/** The layers of the layer axis, in its order. */
export function layersOf({ layers }: Pick<Options, 'layers'>, { nLayers }: Pick<ModelConfig, 'nLayers'>): number[] {
  return layers === 'all' ? Array.from({ length: nLayers }, (_, layer) => layer) : layers;
}

/** What the position axis stands for: columns and roles, in its order. */
export function positionList({ position }: Options): (number | string)[] {
  return Array.isArray(position) ? position : [position];
}

/**
 * Where a pair has a position, in its own tokens: one place for a column, which counts from the end, as many as the role
 * has tokens for a role.
 */
export function placesOf(pair: ResolvedPair, position: number | string): readonly number[] {
  return typeof position === 'string' ? (positionsOfRole(pair, position) ?? []) : [pair.clean.length + position];
}

/** Layer and head of a name such as a3.h7. */
export function headOf(name: string): { layer: number; head: number } {
  const [layer, head] = name.slice(1).split('.h');
  return { layer: Number(layer), head: Number(head) };
}
