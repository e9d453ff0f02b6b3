/** S4: the smallest faithful circuit that EAP-IG's scores choose, and the one that ACDC++ leaves: pruned by the same scores, then tested edge by edge. */
import type { Study, StudyContent, StudyRun } from '../../study.ts';
import { claims } from './claims.ts';
import { findCircuits, TAU_SHARES } from './find-circuits.ts';
import { comparisonSection, curveSection, searchSection, stabilitySection } from './sections.ts';

export const acdcpp: Study = {
  name: 'acdcpp',
  title: 'A circuit of refusal',
  question: 'How few edges do by themselves what the model does, chosen by EAP-IG and by ACDC++?',
  steps: [
    { name: 'scores', title: 'EAP-IG: a score for every edge' },
    { name: 'curve', title: 'How faithful the strongest edges are, by their number' },
    { name: 'refine', title: 'The same between the last number that is too small and the first that is not' },
    { name: 'circuit', title: 'The smallest of these circuits that is faithful' },
    { name: 'bootstrap', title: 'EAP-IG over resamples of the pairs, at the size of that circuit' },
    { name: 'prune', title: 'How faithful the edges with the largest scores are, by their number' },
    ...TAU_SHARES.map((_, at) => ({
      name: `acdcpp-${at + 1}`,
      title: `ACDC++, threshold ${at + 1} of ${TAU_SHARES.length}`,
    })),
  ],
  run,
};

async function run(study: StudyRun): Promise<StudyContent> {
  const found = await findCircuits(study);
  return {
    sections: [curveSection(found), stabilitySection(found), searchSection(found), comparisonSection(found)],
    claims: claims(found),
  };
}
