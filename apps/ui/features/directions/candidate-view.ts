/** The candidates of a direction experiment as a table of cells: which number, in which words and colour. No React. */
import { divergingColour, numberText, symmetricExtent } from '@demur/charts';
import type { DirectionStudyQuery } from '../../graphql/graphql.ts';

type Study = NonNullable<DirectionStudyQuery['experiment']>;
export type Candidates = NonNullable<Study['directionCandidates']>;

/** What a candidate is judged by. */
export type Effect = 'ablation' | 'addition' | 'kl' | 'norms';

/** Those that the experiment has. */
export function effectsOf(candidates: Candidates): Effect[] {
  return (['ablation', 'addition', 'kl', 'norms'] as const).filter((effect) => candidates[effect] != null);
}

export interface CandidateCell {
  position: string;
  text: string;
  colour: string;
  isSelected: boolean;
}

export interface CandidateRow {
  layer: number;
  cells: CandidateCell[];
}

/** Of the colour scale, so that a number is read well on every cell. */
const STRONGEST = 0.5;

/** Rows from the last layer down to the first, as in a stack. */
export function candidateRows(candidates: Candidates, effect: Effect): CandidateRow[] {
  const { layers, positions, selected } = candidates;
  const table = candidates[effect] ?? [];
  const centre = centreOf(candidates, effect);
  const extent = symmetricExtent(table.flat(), centre);
  return layers
    .map((layer, row): CandidateRow => ({
      layer,
      cells: positions.map((position, column) => {
        const value = table[row]?.[column] ?? null;
        return {
          position,
          text: numberText(value),
          colour: divergingColour(value === null ? null : (STRONGEST * (value - centre)) / extent),
          isSelected: selected?.layer === layer && selected.position === position,
        };
      }),
    }))
    .reverse();
}

/** The value of doing nothing: the neutral middle of the colours. */
export function centreOf({ baselineClean, baselineCorrupted }: Candidates, effect: Effect): number {
  return { ablation: baselineClean, addition: baselineCorrupted, kl: 0, norms: 0 }[effect];
}
