/** The two ways to read a patched run: the refusal score, and the metric as it is. */
import { divergingColour, symmetricExtent } from '@demur/charts';
import { sentenceCase } from '../../components/sentence-case.ts';
import type { Grid, Matrix } from './grid-view.ts';

export type Measure = 'score' | 'raw';

/** @param metric in words, such as "logit difference". */
export function measureNames(metric: string): Record<Measure, string> {
  return { score: 'Refusal score', raw: sentenceCase(metric) };
}

export interface MeasuredGrid {
  matrix: Matrix;
  /** The value of the run that was patched into: nothing changed. It is the neutral middle of the colours. */
  centre: number;
  /** The value of the run that the activation came from. */
  source: number;
}

/** Denoising patches into the corrupted run (score 0), noising into the clean run (score 1). */
export function measured(grid: Grid, measure: Measure): MeasuredGrid {
  const raw = measure === 'raw';
  const clean = raw ? grid.baselineClean : 1;
  const corrupted = raw ? grid.baselineCorrupted : 0;
  const [centre, source] = grid.direction === 'noising' ? [clean, corrupted] : [corrupted, clean];
  return { matrix: raw ? grid.values : grid.normalised, centre, source };
}

/** Largest distance from the middle in any of the grids. */
export function extentOf(grids: readonly MeasuredGrid[]): number {
  return Math.max(
    ...grids.map(({ matrix, centre }) =>
      symmetricExtent(
        matrix.flatMap((row) => row ?? []),
        centre,
      ),
    ),
  );
}

/** Orange is towards the run that the activation came from, also where the raw difference falls on the way there. */
export function colourOf(value: number | null, { centre, source, extent }: Scaled): string {
  if (value === null) return divergingColour(null);
  return divergingColour(((value - centre) / extent) * (source < centre ? -1 : 1));
}

export interface Scaled {
  centre: number;
  source: number;
  /** Distance from the middle at which the colour is full. */
  extent: number;
}
