/** Where the refusal passes from the object to the last position, from the scores of both by layer, as a sentence. */
import { counted } from '../../wording.ts';

/** Refusal scores, a layer each. */
type Scores = readonly (number | null)[];

/** The layers at which the score is at least half. */
export function layersOverHalf(scores: Scores): number[] {
  return scores.flatMap((score, layer) => (score !== null && score >= 0.5 ? [layer] : []));
}

/** From the object to the last position, which is all that is read after the last layer. */
export function handOver(object: Scores, last: Scores): string {
  const nLayers = object.length;
  const leaves = layersOverHalf(object).at(-1) ?? -1;
  const arrives = layersOverHalf(last)[0] ?? nLayers;
  const arrival = arrives === nLayers ? 'only after the last layer' : `from layer ${arrives} on`;
  if (leaves < 0)
    return `The object carries less than half of it before every layer, the last position half or more ${arrival}.`;
  if (arrives <= leaves)
    return `From layer ${arrives} to layer ${leaves} the object and the last position each carry half of it.`;
  if (arrives === leaves + 1)
    return `It passes from the object to the last position within layer ${leaves}: up to there the object carries half or more of it, and after it the last position does.`;
  const between = counted(arrives - leaves - 1, 'layer');
  return `The object carries half or more of it up to layer ${leaves}, the last position ${arrival}; in the ${between} between, neither does.`;
}
