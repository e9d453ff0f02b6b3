/** Refusal scores by layer at each place of the prompt, as the replication's patching gives them, and what they look like. */
import type { LineChart } from '../../figure.ts';
import { patchingScores } from '../../patching-scores.ts';
import type { PromptPlace } from '../../prompt-places.ts';
import type { StudyFinding } from '../../study.ts';
import { layersText, listed, number } from '../../wording.ts';

/** A value a layer. */
export interface Curve extends PromptPlace {
  scores: number[];
  deviations: number[];
}

/** Every one in the order of the prompt: the object, the token after it if there is one, the last position. */
export interface Curves {
  all: Curve[];
  object: Curve;
  after: Curve | null;
  last: Curve;
}

export type Site = 'resid_pre' | 'attn_out' | 'mlp_out';

/** @param places those that the experiment patched, in its order. */
export async function curvesOf(finding: StudyFinding, site: Site, places: readonly PromptPlace[]): Promise<Curves> {
  const { mean, deviation } = await patchingScores(finding, site);
  const all = places.map((place, at): Curve => ({
    ...place,
    scores: mean.map((row) => row[at] ?? 0),
    deviations: deviation.map((row) => row[at] ?? 0),
  }));
  return { all, object: all[0]!, after: all.length > 2 ? all[1]! : null, last: all.at(-1)! };
}

export function peakOf({ scores }: Curve): { layer: number; score: number } {
  const score = Math.max(...scores);
  return { layer: scores.indexOf(score), score };
}

export function layersWhere({ scores }: Curve, holds: (score: number) => boolean): number[] {
  return scores.flatMap((score, layer) => (holds(score) ? [layer] : []));
}

/** `0.82 at the object (layer 3)` */
export function peakText(curve: Curve): string {
  const { layer, score } = peakOf(curve);
  return `${number(score)} ${curve.at} (layer ${layer})`;
}

/** Where a curve is above one half, as a sentence. */
export function courseText(curve: Curve): string {
  const above = layersWhere(curve, (score) => score >= 0.5);
  const ends = `${number(curve.scores[0]!)} at layer 0 and ${number(curve.scores.at(-1)!)} at layer ${curve.scores.length - 1}`;
  const where =
    above.length === 0 ? `nowhere half; the most is ${peakText(curve)}` : `half or more at ${layersText(above)}`;
  return `Patched ${curve.at}, the score is ${ends}; it is ${where}.`;
}

export function scoreChart({ all }: Curves, { title, x }: { title: string; x: string }): LineChart {
  return {
    kind: 'lines',
    title,
    caption: `Harmful into harmless prompts; at most ${listed(all.map(peakText))}. Bands are standard deviations over pairs.`,
    x: { title: x, values: all[0]!.scores.map((_, layer) => layer) },
    y: { title: 'refusal score' },
    series: all.map(({ label, scores, deviations }) => ({
      name: label,
      values: scores,
      low: scores.map((score, layer) => score - deviations[layer]!),
      high: scores.map((score, layer) => score + deviations[layer]!),
    })),
  };
}
