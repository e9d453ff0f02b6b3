/** The refusal score by layer and position, and the cell of the object that completions are made for. */
import type { ResolvedPair } from '@demur/interp';
import { patchingScores } from '../../patching-scores.ts';
import { placesInOrder, promptPlaces, type PromptPlace } from '../../prompt-places.ts';
import type { StudyRun } from '../../study.ts';
import { columnLabels } from './column-labels.ts';

export type Direction = 'denoising' | 'noising';

/** Columns of the heat map at most: of prompts that differ from early on, the last ones. */
const MOST_COLUMNS = 64;

export interface PatchGrid {
  direction: Direction;
  /** Named places first, in the prompt's order: the first is the object. */
  places: PromptPlace[];
  /** Refusal scores at them, [layer][place]. */
  atPlaces: (number | null)[][];
  /** And at each column from the first difference on, [layer][column]. */
  atColumns: (number | null)[][];
  columnLabels: string[];
  /** Of the early layers the last at which patching the object does nearly as much as at any. */
  layer: number;
  /** The metric of each pair's destination, as it is and with the object patched at that layer. */
  before: Float32Array;
  after: Float32Array;
}

export async function patchGrid({ given, step }: StudyRun, direction: Direction): Promise<PatchGrid> {
  const { pairs } = given.dataSet;
  const places = placesInOrder(promptPlaces(pairs));
  const columns = columnsFrom(pairs);
  const positions = [...new Set([...places.map(({ position }) => position), ...columns])];
  const options = { direction, activations: ['resid_pre'], positions };
  const finding = await step(direction, { kind: 'activation-patching', options });
  const { mean } = await patchingScores(finding, 'resid_pre');
  const atPlaces = mean.map((row) => row.slice(0, places.length));
  const layer = lastEffectiveLayer(atPlaces.map(([object]) => object!));
  const cells = await finding.array('resid_pre');
  const from = layer * positions.length * pairs.length;
  return {
    ...{ direction, places, atPlaces, layer },
    atColumns: mean.map((row) => columns.map((column) => row[positions.indexOf(column)]!)),
    columnLabels: columnLabels(finding.result.pairs, columns),
    before: (await finding.array(direction === 'denoising' ? 'baseline.corrupted' : 'baseline.clean')).values,
    after: cells.values.slice(from, from + pairs.length),
  };
}

/** Columns from the end, from the earliest difference on. */
function columnsFrom(pairs: readonly ResolvedPair[]): number[] {
  const suffix = Math.max(...pairs.map(({ clean, firstDifference }) => clean.length - firstDifference));
  const count = Math.min(suffix, MOST_COLUMNS);
  return Array.from({ length: count }, (_, i) => i - count);
}

/** How far below the best score, as a share of it, a patch still does nearly as much. */
const NEARLY = 0.1;

/** Of the first half of the layers, the last one at which the patch does nearly as much as at the best of them. */
function lastEffectiveLayer(scores: readonly (number | null)[]): number {
  const early = scores.slice(0, Math.ceil(scores.length / 2)).map((score) => score ?? -Infinity);
  const best = Math.max(...early);
  return early.findLastIndex((score) => score === best || score >= best - NEARLY * Math.abs(best));
}
