/** What the merged arrays of a direction experiment become: norms, means of effects over pairs, and the choice. No tensors. */
import type { ModelConfig } from '@demur/model';
import type { NamedArray } from '../named-array.ts';
import { layersOf, positionList } from './layers.ts';
import type { DirectionExperiment } from './layers.ts';
import { selectDirection, type Selection } from './select-direction.ts';

/** What result.json tells of a direction experiment. */
export interface DirectionSummary extends Partial<Selection> {
  /** The layers of the arrays' layer axis. */
  layers: number[];
  /** What the arrays' position axis stands for: columns and roles. */
  positions: (number | string)[];
}

/** Adds `norms`, and `selection.*` in place of `effects.*` where there was a selection. */
export function summariseDirection(
  spec: DirectionExperiment,
  arrays: Record<string, NamedArray>,
  config: Pick<ModelConfig, 'nLayers'>,
): DirectionSummary {
  arrays['norms'] = lastAxis(arrays['directions']!, (vector) => Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0)));
  const summary = { layers: layersOf(spec.options, config), positions: positionList(spec.options) };
  if (!spec.options.select) return summary;
  for (const name of ['ablation', 'addition', 'kl']) {
    const effects = arrays[`effects.${name}`]!;
    arrays[`selection.${name}`] = lastAxis(effects, (values) => values.reduce((sum, x) => sum + x, 0) / values.length);
    delete arrays[`effects.${name}`];
  }
  return { ...summary, ...selectDirection(spec, arrays, config) };
}

/** An array without its last axis, each of whose rows becomes one number. */
function lastAxis({ shape, values }: NamedArray, of: (row: number[]) => number): NamedArray {
  const width = shape.at(-1)!;
  const rows = Array.from({ length: values.length / width }, (_, i) =>
    of([...values.subarray(i * width, (i + 1) * width)]),
  );
  return { shape: shape.slice(0, -1), values: Float32Array.from(rows) };
}
