/**
 * The residual stream, attention's and the MLPs' outputs patched from the harmful into the harmless prompt, at the object, the
 * token after it and the last one: where the signal is, and through what it goes.
 */
import type { CheckedClaim } from '../../claims.ts';
import { placesInOrder } from '../../prompt-places.ts';
import type { ReportSection } from '../../report.ts';
import { layersText, number, percent } from '../../wording.ts';
import { checkedClaim } from './claims.ts';
import { courseText, curvesOf, peakOf, peakText, scoreChart, type Curves, type Site } from './curves.ts';
import { LEAST_SIGNAL, layersOfInterest, type LayersOfInterest } from './layers-of-interest.ts';
import type { Replication } from './replication.ts';
import type { StepName } from './steps.ts';

interface Part {
  section: ReportSection;
  claims: CheckedClaim[];
}

export interface PatchedRoles {
  interest: LayersOfInterest;
  sections: ReportSection[];
  claims: CheckedClaim[];
}

export async function patchRoles(replication: Replication): Promise<PatchedRoles> {
  const patch = patcher(replication);
  const residual = (await patch('residual-patching', ['resid_pre']))[0]!;
  const [attention] = await patch('attention-patching', ['attn_out']);
  const [mlp] = await patch('mlp-patching', ['mlp_out']);
  const [attentionUpTo, mlpUpTo] = await patch('up-to-patching', ['attn_out', 'mlp_out'], 'up-to');
  const interest = layersOfInterest(residual);
  const parts = [
    residualPart(residual, interest),
    attentionPart({ alone: attention!, upTo: attentionUpTo! }, interest),
    mlpPart({ alone: mlp!, upTo: mlpUpTo! }),
  ];
  return { interest, sections: parts.map(({ section }) => section), claims: parts.flatMap(({ claims }) => claims) };
}

/** Runs a step that patches some sites at all places; the curves of each site. */
function patcher({ step, pairs, places }: Replication) {
  const inOrder = placesInOrder(places);
  return async (name: StepName, activations: Site[], layers?: 'up-to'): Promise<Curves[]> => {
    const positions = inOrder.map(({ position }) => position);
    const options = { activations, positions, ...(layers && { layers }) };
    const finding = await step(name, { kind: 'activation-patching', pairs, options });
    return Promise.all(activations.map((site) => curvesOf(finding, site, inOrder)));
  };
}

const ALONE = 'layer that is patched';
const UP_TO = 'last layer that is patched';

function residualPart(curves: Curves, interest: LayersOfInterest): Part {
  const chart = { title: 'Refusal score of patching the residual stream', x: 'layer before which it is patched' };
  return {
    section: {
      title: 'The residual stream',
      paragraphs: [curves.all.map(courseText).join(' '), interest.sentence],
      figures: [scoreChart(curves, chart)],
      tables: [],
    },
    claims: [objectAndLast(curves), interestClaim(curves, interest)],
  };
}

/** The score that tells whether a place carries it. */
const HALF = 0.5;

/** As expected: the object carries it at first and the last position at the end, and neither where the other does. */
function objectAndLast({ object, last }: Curves): CheckedClaim {
  const agrees =
    object.scores[0]! >= HALF && object.scores.at(-1)! < HALF && last.scores[0]! < HALF && last.scores.at(-1)! >= HALF;
  const rule = `As expected counts ${HALF} or more at the object at the first layer and less at the last one, and the reverse at the last position.`;
  return checkedClaim('object-and-last', agrees, `${courseText(object)} ${courseText(last)} ${rule}`);
}

/** A band in the middle of the model: not from the first layer on, and over before the last. */
function interestClaim({ after }: Curves, { layers, sentence }: LayersOfInterest): CheckedClaim {
  if (after === null) return checkedClaim('layers-of-interest', null, sentence);
  const end = after.scores.length - 1;
  const isBand = peakOf(after).score >= LEAST_SIGNAL && layers[0]! > 0 && layers.at(-1)! < end;
  const rule = `Layers count that leave out the first and the last of the model's ${end + 1}, with a score of ${LEAST_SIGNAL} or more among them.`;
  return checkedClaim('layers-of-interest', isBand, `${sentence} ${rule}`);
}

/** One layer at a time, and all layers up to one together. */
interface BothWays {
  alone: Curves;
  upTo: Curves;
}

function bothCharts({ alone, upTo }: BothWays, what: string): ReportSection['figures'] {
  return [
    scoreChart(alone, { title: `Refusal score of patching ${what}, one layer at a time`, x: ALONE }),
    scoreChart(upTo, { title: `Refusal score of patching ${what} at all layers up to one`, x: UP_TO }),
  ];
}

/** What a site does at its most, alone and together, as a sentence. */
function bothText({ alone, upTo }: BothWays, what: string): string {
  const ends = upTo.all.map((curve) => `${number(curve.scores.at(-1)!)} ${curve.at}`);
  return `Of one layer alone, ${what} scores at most ${alone.all.map(peakText).join(', ')}. Patched at all layers, it scores ${ends.join(', ')}.`;
}

const TOO_LITTLE = `Less than ${LEAST_SIGNAL} at the token after the object is hardly anything, so it cannot tell.`;

/** A score this near to 1 is a full recovery. */
const FULL = 0.95;

/** The part of the last score that is nearly all of it. */
const NEARLY_ALL = 0.95;

function attentionPart(curves: BothWays, interest: LayersOfInterest): Part {
  const told = bothText(curves, 'what attention adds');
  const { after } = curves.upTo;
  const end = after?.scores.at(-1) ?? 0;
  return {
    section: { title: 'What attention adds', paragraphs: [told], figures: bothCharts(curves, 'attn_out'), tables: [] },
    claims: [
      checkedClaim(
        'attention-falls-short',
        end < LEAST_SIGNAL ? null : end < FULL,
        `${told} ${end < LEAST_SIGNAL ? TOO_LITTLE : `Less than ${FULL} at the token after the object counts as falling short.`}`,
      ),
      endClaim(curves.upTo, interest),
    ],
  };
}

/** Whether what comes after the layers of interest adds to what attention brings to the token after the object. */
function endClaim({ after }: Curves, { layers }: LayersOfInterest): CheckedClaim {
  const name = 'attention-ends-early';
  if (after === null) return checkedClaim(name, null, 'No token after the object can be told.');
  const [at, end] = [layers.at(-1)!, after.scores.length - 1];
  const [then, whole] = [after.scores[at]!, after.scores[end]!];
  const told = `Patched ${after.at}, what attention adds scores ${number(then)} up to layer ${at}, the last of interest, and ${number(whole)} up to layer ${end}.`;
  if (whole < LEAST_SIGNAL) return checkedClaim(name, null, `${told} ${TOO_LITTLE}`);
  if (at === end)
    return checkedClaim(name, false, `${told} No layer comes after ${layersText(layers)}, which counts against it.`);
  const rule = `From ${percent(NEARLY_ALL)} of the latter on the former counts as nearly all.`;
  return checkedClaim(name, then >= NEARLY_ALL * whole, `${told} ${rule}`);
}

/** The part of the whole that patching the MLPs at the object has to give to be like putting the object in. */
const LIKE_THE_OBJECT = 0.8;

function mlpPart(curves: BothWays): Part {
  const told = bothText(curves, 'what the MLP adds');
  const agrees = curves.upTo.object.scores.at(-1)! >= LIKE_THE_OBJECT;
  return {
    section: { title: 'What the MLPs add', paragraphs: [told], figures: bothCharts(curves, 'mlp_out'), tables: [] },
    claims: [
      checkedClaim(
        'mlp-at-object',
        agrees,
        `${told} At the object, ${LIKE_THE_OBJECT} or more from all layers counts as being like it.`,
      ),
    ],
  };
}
