/** S3: attribution of every edge between heads, MLPs, embedding and logits, how sure the scores are, and how right. */
import type { Study, StudyContent, StudyRun } from '../../study.ts';
import { claims } from './claims.ts';
import { findEdges } from './find-edges.ts';
import {
  checkSection,
  edgesSection,
  estimatesSection,
  nodesSection,
  strongestSection,
  surenessSection,
} from './sections.ts';

export const eapHeads: Study = {
  name: 'eap-heads',
  title: 'Edge attribution over all heads',
  question: 'Which edges between heads, MLPs, embedding and logits carry the choice to refuse?',
  steps: [
    { name: 'eap', title: 'EAP: a score for every edge, resampled over pairs' },
    { name: 'eap-ig', title: 'EAP-IG: the same with gradients along the way from corrupted to clean' },
    { name: 'exact', title: 'Exact patching of the strongest edges and of random ones' },
  ],
  run,
};

async function run(study: StudyRun): Promise<StudyContent> {
  const found = await findEdges(study);
  return {
    sections: [
      edgesSection(found),
      strongestSection(found),
      nodesSection(found),
      surenessSection(found),
      checkSection(found),
      estimatesSection(found),
    ],
    claims: claims(found),
  };
}
