/** S5: which heads carry the choice to refuse, each alone, and what the chosen ones do together: patched, ablated, steered with. */
import type { Study, StudyContent, StudyRun } from '../../study.ts';
import { claims } from './claims.ts';
import { findHeads } from './find-heads.ts';
import { ablatedSection, chosenSection, patchedSection, scanSection, steeredSection } from './sections.ts';

export const refusalHeads: Study = {
  name: 'refusal-heads',
  title: 'The heads of refusal',
  question: 'Which heads carry the choice to refuse, where are they, and what do they do together?',
  steps: [
    { name: 'scan', title: 'Every head patched alone into the other prompt; the chosen ones changed together' },
    { name: 'noising', title: 'Every head patched alone the other way' },
  ],
  run,
};

async function run(study: StudyRun): Promise<StudyContent> {
  const found = await findHeads(study);
  return {
    sections: [
      scanSection(found),
      chosenSection(found),
      ...[patchedSection(found), ablatedSection(found), steeredSection(found)].filter((section) => section !== null),
    ],
    claims: claims(found),
  };
}
