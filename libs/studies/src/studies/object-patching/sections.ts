/** What a grid and its completions say: a heat map, sentences and a table. */
import type { HeatMap, Table } from '../../figure.ts';
import type { ReportSection } from '../../report.ts';
import { counted, listed, number } from '../../wording.ts';
import type { PatchedCompletions } from './completions.ts';
import { flipsOf } from './flips.ts';
import type { Direction, PatchGrid } from './patch-grid.ts';

const WORDS: Record<Direction, { title: string; what: string; own: string; other: string }> = {
  denoising: {
    title: 'Refusal put in',
    what: 'the prompt to refuse, put into the run on the other',
    own: 'harmless',
    other: 'harmful',
  },
  noising: {
    title: 'Refusal taken out',
    what: 'the other prompt, put into the run on the one to refuse',
    own: 'harmful',
    other: 'harmless',
  },
};

export function gridSection(grid: PatchGrid, completions: PatchedCompletions): ReportSection {
  return {
    title: WORDS[grid.direction].title,
    paragraphs: [scoreSentence(grid), flipSentence(grid), completionSentence(grid, completions)],
    figures: [heatMap(grid)],
    tables: [completionTable(grid, completions)],
  };
}

/** The object early, and the best of each named place. */
function scoreSentence({ atPlaces, places, layer }: PatchGrid): string {
  const bests = places.map(({ at }, place) => {
    const scores = atPlaces.map((row) => row[place] ?? -Infinity);
    const best = scores.indexOf(Math.max(...scores));
    return `${number(scores[best]!)} ${at} (layer ${best})`;
  });
  return `${objectScore(atPlaces, layer)}: 0 is what the run does by itself, and 1 what the other prompt does. The highest scores are ${listed(bests)}.`;
}

/** The object's score at a layer; and after it, where the object is still the word itself, so that the patch is the other prompt. */
export function objectScore(atPlaces: PatchGrid['atPlaces'], layer: number): string {
  const score = (at: number) => number(atPlaces[at]![0]!);
  const told = `Patched at the object before layer ${layer}, the refusal score is ${score(layer)}`;
  return layer === 0 && atPlaces.length > 1
    ? `${told} (there it is the word itself; before layer 1 it is ${score(1)})`
    : told;
}

/** How many answers turn, by which of the two tokens is the likelier one. */
function flipSentence(grid: PatchGrid): string {
  const { of, flipped } = flipsOf(grid);
  const isDenoising = grid.direction === 'denoising';
  if (of === 0)
    return isDenoising
      ? 'All of the harmless prompts are refused without a patch, so that none can turn.'
      : 'None of the harmful prompts is refused without a patch, so that none can turn.';
  return isDenoising
    ? `Of ${counted(of, 'harmless prompt')} not refused without it, that turns ${flipped}: the refusing token becomes the likelier one.`
    : `Of ${counted(of, 'harmful prompt')} refused without it, that turns ${flipped}: the complying token becomes the likelier one.`;
}

function completionSentence({ layer }: PatchGrid, { rows, refused }: PatchedCompletions): string {
  const of = counted(rows.length, 'completion');
  if (refused === null) return `The model has no tokenizer, so that ${of} can only be shown as token ids.`;
  return `Of ${of}, the words of ${refused.before} refuse without the patch, and those of ${refused.after} with the object patched before layer ${layer}.`;
}

function heatMap({ direction, layer, atColumns, columnLabels }: PatchGrid): HeatMap {
  return {
    kind: 'heat-map',
    title: `${WORDS[direction].title}: refusal score by layer and position`,
    caption: `The residual stream of ${WORDS[direction].what}, at one layer and one position. Completions are of the object before layer ${layer}.`,
    rows: { title: 'layer before which it is patched', labels: atColumns.map((_, row) => String(row)) },
    columns: { title: 'position', labels: columnLabels },
    unit: 'refusal score',
    values: atColumns,
  };
}

function completionTable({ direction, before, after }: PatchGrid, { rows }: PatchedCompletions): Table {
  const { own, other } = WORDS[direction];
  return {
    title: 'What the model writes, before and after',
    columns: [`${own} object`, `${other} one put in`, 'metric', 'patched', 'completion', 'patched completion'],
    rows: rows.map((row, pair) => [row.own, row.other, before[pair]!, after[pair]!, row.before, row.after]),
  };
}
