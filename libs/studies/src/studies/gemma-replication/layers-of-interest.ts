/** The layers that the replication goes on with: where the residual stream carries refusal on its way to the answer. */
import { layersText, number } from '../../wording.ts';
import { layersWhere, peakOf, type Curves } from './curves.ts';

/** A score below which a place carries nothing worth a look. */
export const LEAST_SIGNAL = 0.1;

/** Layers, and a sentence on which and why. */
export interface LayersOfInterest {
  layers: number[];
  sentence: string;
}

/** Those with at least half of the strongest score after the object; else those on which the score comes to the last position. */
export function layersOfInterest({ after, last }: Curves): LayersOfInterest {
  if (after !== null && peakOf(after).score >= LEAST_SIGNAL) {
    const { score, layer } = peakOf(after);
    const why = `there the score ${after.at} is at least half of its most, ${number(score)} at layer ${layer}`;
    return chosen(
      layersWhere(after, (own) => own >= score / 2),
      why,
    );
  }
  const none =
    after === null
      ? 'no token after the object can be told'
      : `the token after the object carries hardly anything (${number(peakOf(after).score)} at most)`;
  const rising = layersWhere(last, (score) => score >= LEAST_SIGNAL && score <= 1 - LEAST_SIGNAL);
  if (rising.length > 0)
    return chosen(
      rising,
      `${none}, and there the score at the last position goes from ${LEAST_SIGNAL} to ${1 - LEAST_SIGNAL}`,
    );
  return chosen(
    [...last.scores.keys()],
    `${none}, and no layer has a score at the last position between ${LEAST_SIGNAL} and ${1 - LEAST_SIGNAL}, so these are all`,
  );
}

function chosen(layers: number[], why: string): LayersOfInterest {
  return { layers, sentence: `The layers of interest are ${layersText(layers)}: ${why}.` };
}
