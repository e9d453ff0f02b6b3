/** The rows of a steering's or a generation's table: a pair, a coefficient, the metric and what the model wrote. */
import type { SteeringStudyQuery } from '../../graphql/graphql.ts';

export type SteeredExperiment = NonNullable<SteeringStudyQuery['experiment']>;
type Completion = SteeredExperiment['completions'][number];

export interface SteeringRow {
  key: string;
  pair: number;
  /** The first token of the prompt that ran where the two differ: what tells pairs apart. */
  word: string;
  /** null for a generation. */
  coefficient: number | null;
  metric: number | null;
  completion: Completion | null;
  /** Whether it has one of the words of refusing. */
  isRefusal: boolean;
}

/** A pair's coefficients side by side, in the order of the sweep. */
export function steeringRows({ spec, pairs, steeringSweep, completions }: SteeredExperiment): SteeringRow[] {
  const run = runOf(spec);
  const coefficients = steeringSweep?.coefficients ?? [null];
  return pairs.flatMap(({ index, firstDifference, ...prompts }) =>
    coefficients.map((coefficient, c) => ({
      ...{ key: `${index}.${c}`, pair: index, coefficient },
      word: prompts[run][firstDifference]?.string ?? '',
      metric: steeringSweep?.metric[c]?.[index] ?? null,
      isRefusal: steeringSweep?.refused?.[c]?.[index] ?? false,
      // By coefficient, then pair; the same coefficient may stand in a sweep twice.
      completion: completions[c * pairs.length + index] ?? null,
    })),
  );
}

/** The prompt that ran, as the spec says. */
export function runOf(spec: unknown): 'clean' | 'corrupted' {
  const { options } = spec as { options?: { run?: unknown } };
  return options?.run === 'corrupted' ? 'corrupted' : 'clean';
}

interface Patch {
  activation: string;
  layers: 'all' | number[];
  positions: string | (string | number)[];
}

/** What of the pairs' other prompts was put in while these were read, in words such as `resid_pre of layer 8 at object`. */
export function patchesOf(spec: unknown): string[] {
  const { options } = spec as { options?: { patches?: Patch[] } };
  return (options?.patches ?? []).map(({ activation, layers, positions }) => {
    const where = Array.isArray(positions)
      ? positions.join(', ')
      : positions === 'all'
        ? 'all positions'
        : 'the last position';
    return `${activation} of ${layers === 'all' ? 'all layers' : `layer ${layers.join(', ')}`} at ${where}`;
  });
}
