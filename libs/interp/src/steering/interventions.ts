/** What steering does with a direction, as edits of a pass. Adding acts on resid_pre; ablating everywhere on all that writes to it. */
import type { Edit } from '@demur/model/engine';
import type { DirectionSpec } from '../spec/direction.ts';

export interface Intervention {
  direction: DirectionSpec;
  mode: 'add' | 'ablate';
  layers: 'all' | number[];
  positions: 'all' | 'last';
}

/**
 * The edits of an intervention. Adding: coefficient · direction to resid_pre of each layer, `coefficients` an entry a row of
 * the batch, or one for all. Ablating: the unit vector projected out of resid_pre of each layer; with "all", out of
 * resid_pre, attn_out and mlp_out of every layer.
 */
export function interventionEdits(intervention: Intervention, coefficients: readonly number[]): Edit[] {
  const { mode, positions } = intervention;
  const vector = valuesOf(intervention.direction);
  if (mode === 'ablate') {
    const value = { shape: [vector.length], values: vector };
    return ablatedHooks(intervention.layers).map((hook) => ({ hook, mode: 'project-out', value, positions }));
  }
  const scaled = coefficients.map((coefficient) => vector.map((x) => coefficient * x));
  const value = { shape: [coefficients.length, 1, vector.length], values: joined(scaled) };
  return residHooks(intervention.layers).map((hook) => ({ hook, mode: 'add', value, positions }));
}

function valuesOf(direction: DirectionSpec): Float32Array {
  if ('values' in direction) return Float32Array.from(direction.values);
  throw new Error('a direction was not read');
}

function residHooks(layers: Intervention['layers']): string[] {
  return (layers === 'all' ? ['*'] : layers).map((layer) => `blocks.${layer}.hook_resid_pre`);
}

function ablatedHooks(layers: Intervention['layers']): string[] {
  if (layers !== 'all') return residHooks(layers);
  return ['hook_resid_pre', 'hook_attn_out', 'hook_mlp_out'].map((hook) => `blocks.*.${hook}`);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}
