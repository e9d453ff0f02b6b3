/**
 * The residual stream, attention's and the MLPs' outputs patched from the harmful into the harmless prompt, at the object, the
 * token after it and the last one: where the signal is, and through what it goes.
 */
import type { ResolvedPair } from '@demur/interp';
import type { CheckedClaim } from '../../claims.ts';
import type { LineChart } from '../../figure.ts';
import { patchingScores } from '../../patching-scores.ts';
import type { ReportSection } from '../../report.ts';
import { listed, number } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import type { Replication } from './replication.ts';

/** A position by its role in specs, and in words. */
export interface Place {
  role: string;
  words: string;
}

const LAST: Place = { role: 'last', words: 'the last position' };
const AFTER = { role: 'after-object', words: 'the token after the object' };

/** Roles that all pairs have. Without objects, where the prompts differ stands for them. */
export function placesOf(pairs: readonly ResolvedPair[]): Place[] {
  const have = (role: string): boolean => pairs.every(({ roles = {} }) => role in roles);
  if (!have('object')) return [{ role: 'difference', words: 'where the prompts differ' }, LAST];
  return [{ role: 'object', words: 'the object' }, ...(have(AFTER.role) ? [AFTER] : []), LAST];
}

/** Refusal scores by layer at one place, and their deviation over pairs. */
export interface Curve extends Place {
  scores: number[];
  deviations: number[];
}

type PatchedSite = 'resid_pre' | 'attn_out' | 'mlp_out';

const STEP_OF = {
  resid_pre: 'residual-patching',
  attn_out: 'attention-patching',
  mlp_out: 'mlp-patching',
} as const satisfies Record<PatchedSite, string>;

async function curvesOf({ step, pairs, places }: Replication, site: PatchedSite): Promise<Curve[]> {
  const finding = await step(STEP_OF[site], {
    kind: 'activation-patching',
    pairs,
    options: { activations: [site], positions: places.map(({ role }) => role) },
  });
  const { mean, deviation } = await patchingScores(finding, site);
  return places.map((place, at) => ({
    ...place,
    scores: mean.map((row) => row[at] ?? 0),
    deviations: deviation.map((row) => row[at] ?? 0),
  }));
}

function chartOf(site: PatchedSite, curves: readonly Curve[]): LineChart {
  return {
    kind: 'lines',
    title: `Refusal score of patching ${site}`,
    caption: `Harmful into harmless prompts, one layer and place at a time: ${listed(curves.map(peakText))}. Bands are standard deviations over pairs.`,
    x: { title: 'layer', values: curves[0]!.scores.map((_, layer) => layer) },
    y: { title: 'refusal score' },
    series: curves.map(({ words, scores, deviations }) => ({
      name: words,
      values: scores,
      low: scores.map((score, layer) => score - deviations[layer]!),
      high: scores.map((score, layer) => score + deviations[layer]!),
    })),
  };
}

const peakText = (curve: Curve): string => {
  const { layer, score } = peakOf(curve);
  return `at most ${number(score)} at ${curve.words} (layer ${layer})`;
};

function peakOf({ scores }: Curve): { layer: number; score: number } {
  const score = Math.max(...scores);
  return { layer: scores.indexOf(score), score };
}

const curveAt = (curves: readonly Curve[], role: string): Curve | undefined =>
  curves.find((curve) => curve.role === role);

/** A score below which a place carries nothing worth a look. */
const LEAST_SIGNAL = 0.1;

/** Layers, and why these. */
export interface LayersOfInterest {
  layers: number[];
  /** As the end of a sentence. */
  why: string;
}

/** The layers with at least half of the strongest score after the object; else those on which the signal comes to the last position. */
function layersOfInterest(curves: readonly Curve[]): LayersOfInterest {
  const after = curveAt(curves, AFTER.role);
  if (after !== undefined && peakOf(after).score >= LEAST_SIGNAL) {
    const half = peakOf(after).score / 2;
    return {
      layers: layersWhere(after, (score) => score >= half),
      why: `${AFTER.words} has at least half of its strongest score (${number(2 * half)}) there`,
    };
  }
  const last = curveAt(curves, LAST.role)!;
  const rising = layersWhere(last, (score) => score >= LEAST_SIGNAL && score <= 1 - LEAST_SIGNAL);
  if (rising.length > 0)
    return {
      layers: rising,
      why: `the score at the last position goes from ${LEAST_SIGNAL} to ${1 - LEAST_SIGNAL} there`,
    };
  return { layers: last.scores.map((_, layer) => layer), why: 'no layer stands out: these are all' };
}

function layersWhere({ scores }: Curve, holds: (score: number) => boolean): number[] {
  return scores.flatMap((score, layer) => (holds(score) ? [layer] : []));
}

/** `3`, `8 to 15`, or a list with gaps. */
export function layersText(layers: readonly number[]): string {
  const [first, last] = [layers[0]!, layers.at(-1)!];
  if (layers.length === 1) return String(first);
  return last - first === layers.length - 1 ? `${first} to ${last}` : listed(layers.map(String));
}

export interface PatchedRoles {
  interest: LayersOfInterest;
  sections: ReportSection[];
  claims: CheckedClaim[];
}

export async function patchRoles(replication: Replication): Promise<PatchedRoles> {
  const residual = await curvesOf(replication, 'resid_pre');
  const attention = await curvesOf(replication, 'attn_out');
  const mlp = await curvesOf(replication, 'mlp_out');
  const interest = layersOfInterest(residual);
  const parts = [residualPart(residual, interest), attentionPart(attention), mlpPart(mlp)];
  return { interest, sections: parts.map(({ section }) => section), claims: parts.flatMap(({ claims }) => claims) };
}

interface Part {
  section: ReportSection;
  claims: CheckedClaim[];
}

function residualPart(curves: readonly Curve[], interest: LayersOfInterest): Part {
  const told = curves.map(courseText);
  const chosen = `Layers of interest are ${layersText(interest.layers)}: ${interest.why}.`;
  return {
    section: {
      title: 'The residual stream',
      paragraphs: [`${told.join(' ')} ${chosen}`],
      figures: [chartOf('resid_pre', curves)],
      tables: [],
    },
    claims: [objectAndLast(curves), interestClaim(curves, interest)],
  };
}

/** Where a curve is above one half, as a sentence. */
function courseText(curve: Curve): string {
  const above = layersWhere(curve, (score) => score >= 0.5);
  const ends = `${number(curve.scores[0]!)} at layer 0 and ${number(curve.scores.at(-1)!)} at the last`;
  const where =
    above.length === 0
      ? `nowhere one half (${peakText(curve)})`
      : `one half or more at ${layerWord(above)} ${layersText(above)}`;
  return `Patched at ${curve.words}, the score is ${ends}; it is ${where}.`;
}

const layerWord = ({ length }: readonly number[]): string => (length === 1 ? 'layer' : 'layers');

/** As expected: the object carries it at first and the last position at the end, and each not where the other does. */
function objectAndLast(curves: readonly Curve[]): CheckedClaim {
  const [object, last] = [curves[0]!, curveAt(curves, LAST.role)!];
  const [first, end] = [0, last.scores.length - 1];
  const agrees =
    object.scores[first]! >= 0.5 && object.scores[end]! < 0.5 && last.scores[first]! < 0.5 && last.scores[end]! >= 0.5;
  return checkedClaim('object-and-last', agrees, `${courseText(object)} ${courseText(last)}`);
}

/** A band in the middle of the model: not from the first layer on, and over before the last. */
function interestClaim(curves: readonly Curve[], { layers }: LayersOfInterest): CheckedClaim {
  const after = curveAt(curves, AFTER.role);
  if (after === undefined)
    return checkedClaim('layers-of-interest', null, 'The pairs have no token after the object with a role of its own.');
  const { layer, score } = peakOf(after);
  if (score < LEAST_SIGNAL)
    return checkedClaim(
      'layers-of-interest',
      false,
      `No layer does: the strongest is ${layer} with a score of ${number(score)}.`,
    );
  const isInside = layers[0]! > 0 && layers.at(-1)! < after.scores.length - 1;
  return checkedClaim(
    'layers-of-interest',
    isInside,
    `Of ${after.scores.length} layers, ${layerWord(layers)} ${layersText(layers)} have at least half of the strongest score there, ${number(score)} at layer ${layer}.`,
  );
}

/** A score this near to 1 is a full recovery. */
const FULL = 0.95;

function attentionPart(curves: readonly Curve[]): Part {
  const place = curveAt(curves, AFTER.role) ?? curveAt(curves, LAST.role)!;
  return {
    section: {
      title: 'What attention adds',
      paragraphs: [],
      figures: [chartOf('attn_out', curves)],
      tables: [],
    },
    claims: [checkedClaim('attention-falls-short', peakOf(place).score < FULL, peakText(place))],
  };
}

function mlpPart(curves: readonly Curve[]): Part {
  const object = curves[0]!;
  return {
    section: {
      title: 'What the MLPs add',
      paragraphs: [],
      figures: [chartOf('mlp_out', curves)],
      tables: [],
    },
    claims: [checkedClaim('mlp-at-object', peakOf(object).score >= 0.5, peakText(object))],
  };
}
