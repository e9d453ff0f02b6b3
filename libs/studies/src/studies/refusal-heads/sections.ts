/** What the study of heads says: sentences, figures and tables from its numbers. */
import type { BarChart, LineChart } from '../../figure.ts';
import { headMap } from '../../head-map.ts';
import type { ReportSection } from '../../report.ts';
import { sum } from '../../sum.ts';
import { counted, layersText, listed, number, percent } from '../../wording.ts';
import { THRESHOLD, type FoundHeads, type SteeredRow } from './find-heads.ts';

export function scanSection({ scores, noising, given }: FoundHeads): ReportSection {
  const all = scores.flat();
  const of = { nHeads: given.config.nHeads, unit: 'refusal score' };
  const [strongest, back] = [strongestOf(scores), strongestOf(noising)];
  const against = all.filter((score) => score < -THRESHOLD).length;
  return {
    title: 'Every head alone',
    paragraphs: [
      `Over ${counted(given.dataSet.pairs.length, 'pair')}, what each of the ${counted(all.length, 'head')} does in a prompt to refuse was put into the other prompt, from the first token that differs on. ` +
        `A score of 1 would be all of the difference between the groups. The highest is ${strongest.name}'s, ${number(strongest.score)}; ` +
        `all scores sum to ${number(sum(all))}, and ${against} ${against === 1 ? 'is' : 'are'} under ${number(-THRESHOLD)}, against refusal.`,
      `The other way, with what it does in prompts not to refuse put into those to refuse, the strongest is ${back.name} with ${number(back.score)}.`,
    ],
    figures: [
      headMap(scores, {
        ...of,
        title: 'Refusal score of each head, denoising',
        caption: `What it does in prompts to refuse, put into the others; the highest is ${strongest.name} with ${number(strongest.score)}.`,
      }),
      headMap(noising, {
        ...of,
        title: 'Refusal score of each head, noising',
        caption: `What it does in prompts not to refuse, put into the others; the highest is ${back.name} with ${number(back.score)}.`,
      }),
    ],
    tables: [],
  };
}

function strongestOf(scores: number[][]): { name: string; score: number } {
  const heads = scores.flatMap((row, layer) => row.map((score, head) => ({ name: `a${layer}.h${head}`, score })));
  return heads.reduce((best, own) => (own.score > best.score ? own : best));
}

export function chosenSection(found: FoundHeads): ReportSection {
  const { chosen, scores, validation } = found;
  const title = 'The chosen heads';
  if (validation.none !== undefined)
    return { title, paragraphs: [`No head was chosen: ${validation.none}.`], figures: [], tables: [] };
  const all = scores.flat().length;
  const both = chosen.filter(({ noising }) => noising > THRESHOLD).length;
  return {
    title,
    paragraphs: [
      `${counted(chosen.length, 'head')} of ${all} (${percent(chosen.length / all)}) ${chosen.length === 1 ? 'has' : 'have'} a score over ${number(THRESHOLD)}: ` +
        `${listed(chosen.slice(0, 12).map(({ name }) => name))}${chosen.length > 12 ? ' first of all' : ''}. By noising, ${both} of them ${both === 1 ? 'is' : 'are'} over it as well.`,
      layersSentence(found),
    ],
    figures: [layerBars(found)],
    tables: [
      {
        title: 'Chosen heads',
        columns: ['head', 'layer', 'score', 'deviation over pairs', 'pairs of the same sign', 'by noising'],
        rows: chosen.map(({ name, layer, score, deviation, agreeing, noising }) => [
          ...[name, layer, score],
          ...[deviation, agreeing, noising],
        ]),
      },
    ],
  };
}

/** Of each layer, the sum of its chosen heads' scores. */
export function layerSums({ chosen, scores }: Pick<FoundHeads, 'chosen' | 'scores'>): number[] {
  return scores.map((_, layer) => sum(chosen.filter((head) => head.layer === layer).map(({ score }) => score)));
}

function layersSentence(found: FoundHeads): string {
  const sums = layerSums(found);
  const most = sums.indexOf(Math.max(...sums));
  return `They are in ${layersText(found.chosen.map(({ layer }) => layer))} of ${sums.length}, counted from 0; layer ${most} has ${percent(sums[most]! / sum(sums))} of their summed score.`;
}

function layerBars(found: FoundHeads): BarChart {
  const sums = layerSums(found);
  return {
    kind: 'bars',
    title: 'Summed score of the chosen heads by layer',
    caption: `${counted(found.chosen.length, 'head')} over ${number(THRESHOLD)}, summing to ${number(sum(sums))}.`,
    labels: sums.map((_, layer) => String(layer)),
    y: { title: 'summed refusal score' },
    values: sums,
  };
}

/** A set's score beside those of random sets. */
interface Beside {
  score: number;
  random: number[];
}

/** `beside 0.01 (0 to 0.02) of 8 random sets …`, and whether that is more. */
function besideRandom({ score, random }: Beside): string {
  if (random.length === 0)
    return 'all heads of their layers are chosen, so that there is no random set to compare with';
  const [least, most] = [Math.min(...random), Math.max(...random)];
  const verdict = score > most ? 'more than any' : score < least ? 'less than any' : 'within the range';
  return `${verdict} of ${counted(random.length, 'random set')} of as many heads of the same layers (${number(least)} to ${number(most)})`;
}

export function patchedSection({ validation, patched, chosen }: FoundHeads): ReportSection | null {
  const { patch } = validation;
  if (patch === undefined || patched === undefined) return null;
  const synergy =
    Math.abs(patch.score - patch.singles) < 0.05 * Math.abs(patch.singles)
      ? 'about as much as'
      : patch.score > patch.singles
        ? 'more than'
        : 'less than';
  return {
    title: 'Patched together',
    paragraphs: [
      `With the chosen ${counted(chosen.length, 'head')} patched at once, prompts not to refuse get ${percent(patch.score)} of the difference: ${besideRandom(patch)}. ` +
        `That is ${synergy} the sum of the heads' own scores, ${number(patch.singles)}.`,
      `The refusing token becomes the likelier one after ${percent(patched.after)} of these prompts, before after ${percent(patched.before)}.`,
    ],
    figures: [setBars('Refusal score of all chosen heads patched at once', [['chosen heads', patch]])],
    tables: [],
  };
}

/** One bar a set, and one of the mean of the random ones with their range. */
function setBars(title: string, sets: [string, Beside][]): BarChart {
  const bars = sets.flatMap(([name, { score, random }]) => [
    { label: name, value: score, low: score, high: score },
    ...(random.length === 0
      ? []
      : [
          {
            label: `random${sets.length > 1 ? `, ${name}` : ''}`,
            value: sum(random) / random.length,
            low: Math.min(...random),
            high: Math.max(...random),
          },
        ]),
  ]);
  return {
    ...{
      kind: 'bars',
      title,
      caption: 'Of random sets of heads of the same layers the mean, and their least and most.',
    },
    labels: bars.map(({ label }) => label),
    y: { title: 'share of the difference' },
    values: bars.map(({ value }) => value),
    low: bars.map(({ low }) => low),
    high: bars.map(({ high }) => high),
  };
}

export function ablatedSection({ validation, ablated, means }: FoundHeads): ReportSection | null {
  const { ablate } = validation;
  if (ablate === undefined || ablated === undefined) return null;
  const sentence = (value: 'mean' | 'zero', how: string): string => {
    const own = ablate[value];
    return (
      `With the chosen heads ${how}, the metric of prompts to refuse goes from ${number(means.clean)} to ${number(own.metric)}, ${percent(own.score)} of the way to the others': ` +
      `${besideRandom(own)}. The refusing token is the likelier one after ${percent(ablated[value].after)} of them, before after ${percent(ablated[value].before)}.`
    );
  };
  return {
    title: 'Ablated together',
    paragraphs: [
      sentence('mean', 'replaced by their mean over the prompts not to refuse'),
      sentence('zero', 'set to zero'),
    ],
    figures: [
      setBars('What ablating all chosen heads takes away', [
        ['mean', ablate.mean],
        ['zero', ablate.zero],
      ]),
    ],
    tables: [],
  };
}

export function steeredSection({ validation, steered, chosen }: FoundHeads): ReportSection | null {
  const { steer } = validation;
  if (steer === undefined || steered === undefined) return null;
  const { induce, inhibit } = steered;
  return {
    title: 'Steered with',
    paragraphs: [
      `What the chosen ${counted(chosen.length, 'head')} add at the last position, clean less corrupted, times a coefficient, was added to the stream before layer ${steer.layer} at every position. ` +
        `${inducedSentence(induce)} ${inhibitedSentence(inhibit)}`,
    ],
    figures: [
      steeringLines('Prompts that are refused', 'share of prompts', steered, ({ refused }) => refused.after),
      steeringLines('The metric when steered', 'mean metric', steered, ({ metric }) => metric),
    ],
    tables: [
      {
        title: 'Steering with what the heads add',
        columns: ['coefficient', 'added: metric', 'refused', 'KL', 'taken away: metric', 'refused', 'KL'],
        rows: induce.map((row, at) => [row.coefficient, ...cellsOf(row), ...cellsOf(inhibit[at]!)]),
      },
    ],
  };
}

const cellsOf = ({ metric, refused, kl }: SteeredRow): number[] => [metric, refused.after, kl];

function inducedSentence(rows: SteeredRow[]): string {
  const { before } = rows[0]!.refused;
  const first = before > 0.5 ? undefined : rows.find(({ refused }) => refused.after > 0.5);
  const most = rows.reduce((best, row) => (row.refused.after > best.refused.after ? row : best));
  return `Of the prompts not to refuse, ${percent(before)} are refused without it, ${turnedText(first, { end: most, name: 'most' })}.`;
}

function inhibitedSentence(rows: SteeredRow[]): string {
  const { before } = rows[0]!.refused;
  const first = before < 0.5 ? undefined : rows.find(({ refused }) => refused.after < 0.5);
  const least = rows.reduce((best, row) => (row.refused.after < best.refused.after ? row : best));
  return `Of the prompts to refuse, ${percent(before)} are refused without it, and with it taken away ${turnedText(first, { end: least, name: 'least' })}.`;
}

/** @param first the row of the least coefficient that turns most prompts; undefined where none does, or they are so without. */
function turnedText(first: SteeredRow | undefined, { end, name }: { end: SteeredRow; name: string }): string {
  const furthest = `at ${name} ${percent(end.refused.after)}, at a coefficient of ${at(end)}`;
  if (first === undefined) return furthest;
  const turned = `${percent(first.refused.after)} at ${at(first)}, the least coefficient that turns most of them`;
  return first === end ? turned : `${turned}, and ${furthest}`;
}

/** A coefficient with its price. */
const at = ({ coefficient, kl }: SteeredRow): string => `${number(coefficient)} (KL ${number(kl)} nats)`;

function steeringLines(
  title: string,
  y: string,
  { induce, inhibit }: Record<'induce' | 'inhibit', SteeredRow[]>,
  valueOf: (row: SteeredRow) => number,
): LineChart {
  const [added, taken] = [induce.map(valueOf), inhibit.map(valueOf)];
  return {
    kind: 'lines',
    title,
    caption: `Added to prompts not to refuse: at most ${number(Math.max(...added))}. Taken from prompts to refuse: at least ${number(Math.min(...taken))}.`,
    x: { title: 'coefficient', values: induce.map(({ coefficient }) => coefficient), scale: 'log' },
    y: { title: y },
    series: [
      { name: 'added', values: added },
      { name: 'taken away', values: taken },
    ],
  };
}
