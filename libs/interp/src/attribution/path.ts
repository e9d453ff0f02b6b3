/**
 * Where gradients are taken: points on the straight line from the corrupted to the clean token embeddings, in the clean
 * prompt's place. EAP's one point is the clean run; EAP-IG (Hanna et al. 2024, arXiv 2403.17806) averages over several.
 */
import type { ExperimentSpec } from '../spec.ts';

type AttributionOptions = Extract<ExperimentSpec, { kind: 'attribution' }>['options'];

/**
 * The points' shares of the clean embedding, in order: 1 for EAP; k / m for EAP-IG, with k = 0 … m − 1 on the left grid,
 * which has the corrupted run and never the clean one, and k = 1 … m on the right.
 */
export function pathOf({ method, steps, grid }: Pick<AttributionOptions, 'method' | 'steps' | 'grid'>): number[] {
  if (method === 'eap') return [1];
  return Array.from({ length: steps }, (_, k) => (k + (grid === 'right' ? 1 : 0)) / steps);
}
