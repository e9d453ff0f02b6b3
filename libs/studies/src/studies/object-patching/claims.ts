/** What the notebooks say of the object's position, beside what was found. */
import type { CheckedClaim } from '../../claims.ts';
import { counted, number } from '../../wording.ts';
import type { PatchedCompletions } from './completions.ts';
import { flipsOf } from './flips.ts';
import type { PatchGrid } from './patch-grid.ts';
import { objectScore } from './sections.ts';

/** @param grid of denoising. */
export function objectClaims(grid: PatchGrid, completions: PatchedCompletions): CheckedClaim[] {
  return [inducesRefusal(grid, completions), isThePlace(grid)];
}

function inducesRefusal(grid: PatchGrid, { refused, rows }: PatchedCompletions): CheckedClaim {
  const { of, flipped } = flipsOf(grid);
  const { layer, atPlaces } = grid;
  const words =
    refused === null
      ? ''
      : `; of ${counted(rows.length, 'completion')}, the words of ${refused.after} refuse, and of ${refused.before} without it`;
  return {
    id: 'S1.object-induces-refusal',
    source: 'notebooks',
    text: 'Patching the activations at the position of the object makes the model take a harmless request for a dangerous one: refusal can be induced for harmless objects (Llama-2-7b-chat).',
    outcome: of === 0 ? 'not tested' : flipped > of / 2 ? 'agrees' : 'disagrees',
    sentence: `${objectScore(atPlaces, layer)}, which turns ${flipped} of ${counted(of, 'harmless prompt')} not refused without it${words}. More than half counts as inducing refusal.`,
  };
}

/** The object's own column is among all columns: it may differ by the rounding of another pass. */
const ROUNDING = 1e-3;

function isThePlace({ layer, atPlaces, atColumns, columnLabels }: PatchGrid): CheckedClaim {
  const object = atPlaces[layer]![0]!;
  const others = atColumns[layer]!.map((score) => score ?? -Infinity);
  const highest = Math.max(...others);
  return {
    id: 'S1.object-is-the-place',
    source: 'notebooks',
    text: 'It is the position of the object that does it (Llama-2-7b-chat).',
    outcome: object >= highest - ROUNDING ? 'agrees' : 'disagrees',
    sentence:
      `Before layer ${layer} the score is ${number(object)} at the object, all its tokens patched wherever they are in a prompt. Of single columns counted from the end, ` +
      `"${columnLabels[others.indexOf(highest)]}" has the highest, ${number(highest)}; the object counts as the place where its own is not more than ${ROUNDING} lower.`,
  };
}
