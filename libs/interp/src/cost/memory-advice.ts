/** What would make a run that is too large fit: by kind, the options that its memory grows with. */
import { gigabytes } from '@demur/model';
import type { SpecOf } from '../kinds/kind.ts';
import type { ExperimentKind, ExperimentSpec } from '../spec.ts';

/** What to ask for less of. */
type Less<K extends ExperimentKind> = (options: SpecOf<K>['options']) => string;

/** Kinds whose options decide; of others it is the prompts. */
const less: { [K in ExperimentKind]?: Less<K> } = {
  activations: () => 'ask for fewer names, or run fewer pairs',
  'activation-patching': ({ activations }) =>
    activations.length > 1 ? 'patch fewer activations at a time' : 'use prompts that differ later',
  attribution: ({ perPosition, bootstrap, kvHeads }) => {
    if (perPosition) return 'leave out "perPosition"';
    if (bootstrap > 0) return 'leave out "bootstrap"';
    return kvHeads === 'expanded' ? 'use "kvHeads": "native"' : 'use prompts that differ later';
  },
  'edge-patching': () => 'patch fewer edges at a time',
  steering: ({ maxTokens }) => (maxTokens > 0 ? 'ask for fewer tokens or coefficients' : 'use fewer coefficients'),
  generation: () => 'ask for fewer tokens',
};

/** A clause that ends a sentence. @param neededBytes the budget that the run would fit as it is. */
export function memoryAdvice({ kind, options }: ExperimentSpec, neededBytes: number): string {
  const ofKind = less[kind] as Less<ExperimentKind> | undefined;
  return `give it a memory of ${gigabytes(neededBytes, Math.ceil)}, or ${ofKind?.(options) ?? 'use shorter prompts'}`;
}
