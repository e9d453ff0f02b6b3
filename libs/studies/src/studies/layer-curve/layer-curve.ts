/**
 * S2: the refusal score as a function of the layer at which the residual stream is patched, at the object, after it, and at
 * the last position: where refusal is, layer by layer, on its way from the word to the answer.
 */
import { outcomeOf, type CheckedClaim } from '../../claims.ts';
import type { LineChart, Table } from '../../figure.ts';
import { patchingScores, type PatchingScores } from '../../patching-scores.ts';
import { placesInOrder, promptPlaces, type PromptPlace } from '../../prompt-places.ts';
import type { ReportSection } from '../../report.ts';
import type { Study, StudyRun } from '../../study.ts';
import { capital, counted, listed, number } from '../../wording.ts';
import { handOver, layersOverHalf } from './hand-over.ts';

type Direction = 'denoising' | 'noising';

const WHAT: Record<Direction, string> = {
  denoising: 'activations of the prompt to refuse, put into the run on the other',
  noising: 'activations of the other prompt, put into the run on the one to refuse',
};

/** One place's curve, a value a layer. */
interface Curve {
  place: PromptPlace;
  mean: (number | null)[];
  deviation: (number | null)[];
}

export const layerCurve: Study = {
  name: 'layer-curve',
  title: 'Refusal by layer',
  question: 'At which layers, and at which positions of the prompt, does the residual stream carry the refusal?',
  steps: [
    { name: 'denoising', title: 'The residual stream of the prompt to refuse, put into the other run' },
    { name: 'noising', title: 'The reverse' },
  ],
  async run(run) {
    const denoising = await curvesOf(run, 'denoising');
    const noising = await curvesOf(run, 'noising');
    return {
      sections: [
        sectionOf('Refusal put in', { direction: 'denoising', curves: denoising, run }),
        sectionOf('Refusal taken out', { direction: 'noising', curves: noising, run }),
      ],
      claims: [dependsOnLayer(denoising, run.given.dataSet.pairs.length)],
    };
  },
};

async function curvesOf({ given, step }: StudyRun, direction: Direction): Promise<Curve[]> {
  const places = placesInOrder(promptPlaces(given.dataSet.pairs));
  const positions = places.map(({ position }) => position);
  const options = { direction, activations: ['resid_pre'], positions };
  const finding = await step(direction, { kind: 'activation-patching', options });
  const scores = await patchingScores(finding, 'resid_pre');
  return places.map((place, slot) => ({ place, ...columnOf(scores, slot) }));
}

function columnOf({ mean, deviation }: PatchingScores, slot: number): Pick<Curve, 'mean' | 'deviation'> {
  return { mean: mean.map((row) => row[slot]!), deviation: deviation.map((row) => row[slot]!) };
}

function sectionOf(
  title: string,
  { direction, curves, run }: { direction: Direction; curves: Curve[]; run: StudyRun },
): ReportSection {
  const pairs = counted(run.given.dataSet.pairs.length, 'pair');
  return {
    title,
    paragraphs: [
      `The refusal score is 0 where the patch changes nothing and 1 where it does as much as the whole other prompt (${WHAT[direction]}; ${pairs}).`,
      ...curves.map(curveSentence),
      handOverOf(curves),
    ],
    figures: [chartOf(title, { direction, curves })],
    tables: [tableOf(curves)],
  };
}

function curveSentence(curve: Curve): string {
  const { place, mean } = curve;
  const scores = mean.filter((score) => score !== null);
  const over = layersOverHalf(curve.mean);
  const range = `Patched ${place.at}, the score goes from ${number(scores[0]!)} before layer 0 to ${number(scores.at(-1)!)} before layer ${mean.length - 1}`;
  if (over.length === 0) return `${range}; it is under half at every layer.`;
  if (over.length === scores.length) return `${range}; it is half or more at every layer.`;
  return `${range}; it is half or more ${layersText(over)}.`;
}

/** `before layer 3`, `before layers 0–4 and 7`. */
function layersText(layers: readonly number[]): string {
  return `before layer${layers.length === 1 ? '' : 's'} ${listed(layerRanges(layers))}`;
}

/** Ascending layers with those that follow each other as one: 0–4, 7. */
function layerRanges(layers: readonly number[]): string[] {
  const ranges: [number, number][] = [];
  for (const layer of layers) {
    const open = ranges.at(-1);
    if (open?.[1] === layer - 1) open[1] = layer;
    else ranges.push([layer, layer]);
  }
  return ranges.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`));
}

function handOverOf(curves: readonly Curve[]): string {
  return handOver(curves[0]!.mean, curves.at(-1)!.mean);
}

function chartOf(title: string, { direction, curves }: { direction: Direction; curves: Curve[] }): LineChart {
  const shifted = ({ mean, deviation }: Curve, sign: number) =>
    mean.map((score, layer) => (score === null ? null : score + sign * (deviation[layer] ?? 0)));
  return {
    kind: 'lines',
    title: `${title}: refusal score by layer`,
    caption: `${capital(WHAT[direction])}. Lines are means over pairs, bands a standard deviation of single pairs. ${handOverOf(curves)}`,
    x: { title: 'layer before which the residual stream is patched', values: curves[0]!.mean.map((_, layer) => layer) },
    y: { title: 'refusal score' },
    series: curves.map((curve) => ({
      name: curve.place.label,
      values: curve.mean,
      low: shifted(curve, -1),
      high: shifted(curve, 1),
    })),
  };
}

function tableOf(curves: readonly Curve[]): Table {
  return {
    title: 'Where each position carries half of it',
    columns: ['position', 'highest score', 'at layer', 'standard deviation there', 'layers with half or more'],
    rows: curves.map((curve) => {
      const best = bestLayer(curve);
      return [
        curve.place.label,
        curve.mean[best]!,
        best,
        curve.deviation[best]!,
        layerRanges(layersOverHalf(curve.mean)).join(', ') || 'none',
      ];
    }),
  };
}

function bestLayer({ mean }: Curve): number {
  return mean.reduce<number>(
    (best, score, layer) => ((score ?? -Infinity) > (mean[best] ?? -Infinity) ? layer : best),
    0,
  );
}

/** A range of the score over the layers that is smaller is hardly one. */
const LEAST_RANGE = 0.1;

/** Standard errors of a mean over pairs that a range must exceed. */
const LEAST_ERRORS = 3;

/** @param pairs how many each mean is over. */
function dependsOnLayer(curves: readonly Curve[], pairs: number): CheckedClaim {
  const ranges = curves.map(({ place, mean, deviation }) => {
    const scores = mean.filter((score) => score !== null);
    const error = Math.max(...deviation.map((own) => own ?? 0)) / Math.sqrt(pairs);
    return { place, error, low: Math.min(...scores), high: Math.max(...scores) };
  });
  const depends = ranges.some(({ low, high, error }) => high - low >= Math.max(LEAST_RANGE, LEAST_ERRORS * error));
  const told = ranges.map(({ place, low, high }) => `${number(low)} to ${number(high)} ${place.at}`);
  const most = Math.max(...ranges.map(({ error }) => error));
  const errorText = pairs < 2 ? 'one pair has no standard error' : `no mean has a standard error over ${number(most)}`;
  return {
    id: 'S2.depends-on-layer',
    source: 'notebooks',
    text: 'What patching does to the metric depends on the layer at which it is done (Llama-2-7b-chat).',
    outcome: outcomeOf(pairs < 2 ? null : depends),
    sentence: `Over the layers the refusal score goes from ${listed(told)}; ${errorText}. A range of ${LEAST_RANGE} and of ${LEAST_ERRORS} standard errors counts as depending.`,
  };
}
