/** What the notebooks on Llama-2-7b-chat say of EAP with heads split, beside this model's numbers. */
import { bytesText, countText, durationText } from '@demur/charts';
import { outcomeOf, type CheckedClaim } from '../../claims.ts';
import { counted, number, percent } from '../../wording.ts';
import { agreement, LLAMA_2_7B, type FoundEdges } from './find-edges.ts';

/** Scores that tell what edges do correlate with exact effects as much as this. */
const WORKS = 0.8;

/** The edges that the notebook counted, "more than 1.5M". */
const MANY = 1_500_000;

/** The part of a run that makes a slow part of it. */
const SLOW = 0.5;

export function claims(found: FoundEdges): CheckedClaim[] {
  return [works(found), many(found), oneByOne(found), slow(found)];
}

function works({ eap, exact }: FoundEdges): CheckedClaim {
  const { pearson, spearman, signs } = agreement(eap, exact);
  return {
    id: 'S3.eap-works',
    source: 'notebooks',
    text: 'EAP with heads split works on Llama-2-7b-chat, by the logit difference of Sure and Sorry.',
    outcome: outcomeOf(pearson === null ? null : pearson >= WORKS),
    sentence:
      pearson === null
        ? 'The scores or the exact effects of the patched edges are all alike, so that nothing can be told.'
        : `Of ${counted(exact.cells.length, 'edge')}, EAP's scores and exact effects correlate at ${number(pearson)} (Pearson; ${number(WORKS)} counts as working), their ranks at ${number(spearman!)}; ${percent(signs)} have the same sign.`,
  };
}

function many({ eap, llamaEdges }: FoundEdges): CheckedClaim {
  return {
    id: 'S3.many-edges',
    source: 'notebooks',
    text: 'There are more than 1.5 million edges.',
    outcome: outcomeOf(llamaEdges > MANY),
    sentence: `The graph of ${LLAMA_2_7B.nLayers} layers of ${LLAMA_2_7B.nHeads} heads has ${countText(llamaEdges)} edges; this model's has ${countText(eap.cells.length)}. More than ${countText(MANY)} in the former count.`,
  };
}

function oneByOne({ pairs, record }: FoundEdges): CheckedClaim {
  return {
    id: 'S3.batch-of-one',
    source: 'notebooks',
    text: 'A batch of one pair was all that memory allowed.',
    outcome: outcomeOf(pairs > 1 ? false : null),
    sentence: `EAP ran over ${counted(pairs, 'pair')} with at most ${bytesText(record.peakBytes)} resident; no score depends on how they are batched. More than one pair counts against it.`,
  };
}

function slow({ eap, record }: FoundEdges): CheckedClaim {
  const share = eap.orderSeconds / record.seconds.run;
  return {
    id: 'S3.sorting-is-slow',
    source: 'notebooks',
    text: 'Scoring every edge and sorting the edges were the slow parts.',
    outcome: outcomeOf(share > SLOW),
    sentence:
      `Passes and scores of ${countText(eap.cells.length)} edges took ${durationText(record.seconds.run)} together, ` +
      `sorting them ${number(1000 * eap.orderSeconds)} ms, ${percent(share)} of that; more than ${percent(SLOW)} counts as slow.`,
  };
}
