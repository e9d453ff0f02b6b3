/** What the notebooks on Llama-2-7b-chat say of heads of refusal, beside this model's numbers. */
import { outcomeOf, type CheckedClaim } from '../../claims.ts';
import { sum } from '../../sum.ts';
import { counted, number, percent } from '../../wording.ts';
import type { FoundHeads } from './find-heads.ts';
import { layerSums } from './sections.ts';

/** So large a part of all heads is a small set, and so much of the difference what carries it. */
const SMALL = 0.1;
const CARRIES = 0.5;

/** Layers 5 to 10 of 32, as parts of the depth. */
const EARLY = { from: 5 / 32, to: 10 / 32 };

/** The part of their score that has to be there. */
const MOST = 0.5;

export function claims(found: FoundHeads): CheckedClaim[] {
  return [smallSet(found), early(found)];
}

function smallSet({ chosen, scores, validation }: FoundHeads): CheckedClaim {
  const all = scores.flat().length;
  const { none, patch } = validation;
  const together = patch?.score ?? 0;
  return {
    id: 'S5.small-set-of-heads',
    source: 'notebooks',
    text: 'A small set of heads makes Llama-2-7b-chat refuse.',
    outcome: outcomeOf(chosen.length > 0 && chosen.length <= SMALL * all && together >= CARRIES),
    sentence:
      none !== undefined
        ? `Here ${none}.`
        : `${counted(chosen.length, 'head')} of ${all} (${percent(chosen.length / all)}) are over the threshold, and patched together give ${percent(together)} of the difference; ` +
          `up to ${percent(SMALL)} counts as a small set, from ${percent(CARRIES)} on as making it refuse.`,
  };
}

function early({ chosen, scores, validation }: FoundHeads): CheckedClaim {
  const sums = layerSums({ chosen, scores });
  const all = sum(sums);
  const depths = sums.map((_, layer) => layer / sums.length);
  const within = sum(sums.filter((_, layer) => isEarly(depths[layer]!))) / all;
  const middle = sum(sums.map((own, layer) => own * depths[layer]!)) / all;
  return {
    id: 'S5.early-layers',
    source: 'notebooks',
    text: 'The heads are early ones: layers 5 to 10 of 32.',
    outcome: outcomeOf(validation.none === undefined ? within > MOST : null),
    sentence:
      validation.none !== undefined
        ? `No head was chosen: ${validation.none}.`
        : `${percent(within)} of the chosen heads' summed score is at a relative depth (layer over number of layers) of ${number(EARLY.from)} to ${number(EARLY.to)}, ` +
          `as layers 5 to 10 of 32 are; the mean depth, weighted by score, is ${number(middle)}. More than ${percent(MOST)} counts as early.`,
  };
}

function isEarly(depth: number): boolean {
  return depth >= EARLY.from && depth <= EARLY.to;
}
