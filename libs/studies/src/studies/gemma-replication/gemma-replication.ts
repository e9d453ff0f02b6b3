/** S6: the replication of the refusal experiments on Gemma-2, each of its steps one experiment. */
import type { ReportSection } from '../../report.ts';
import type { Study, StudyContent, StudyRun } from '../../study.ts';
import { counted } from '../../wording.ts';
import { chooseHeads } from './head-choice.ts';
import { choosePairs } from './objects.ts';
import { replicationOf, type Replication } from './replication.ts';
import { patchRoles } from './role-patching.ts';
import { steeredSection, steeringClaims, steerWith, type Steered } from './steer.ts';
import { steps } from './steps.ts';

export const gemmaReplication: Study = {
  name: 'gemma-replication',
  title: 'The replication of the refusal experiments on Gemma-2',
  question:
    'Where is refusal in the residual stream, which heads carry it, and does what they add, or the difference of means, steer it?',
  steps,
  run,
};

async function run(study: StudyRun): Promise<StudyContent> {
  const objects = choosePairs(study.given, study.refusal);
  const replication = replicationOf(study, objects.pairs);
  const roles = await patchRoles(replication);
  const chosen = await chooseHeads(replication);
  const wanted = { layers: layersToTry(roles.interest.layers, study.given.config) };
  const heads =
    chosen.heads.length === 0 ? null : await steerWith(replication, { name: 'heads', heads: chosen.heads, ...wanted });
  const difference = await steerWith(replication, { name: 'difference', ...wanted });
  return {
    sections: [
      objects.section,
      ...roles.sections,
      chosen.section,
      ...steeredSections([heads, difference], replication),
    ],
    claims: [...objects.claims, ...roles.claims, ...chosen.claims, ...steeringClaims({ heads, difference })],
  };
}

function steeredSections(steered: (Steered | null)[], { halves }: Replication): ReportSection[] {
  const [finding, testing] = [halves.finding, halves.testing].map(({ length }) => counted(length, 'pair'));
  const apart = halves.areApart
    ? `It was found on ${finding} and is tried on ${halves.testing.length} others.`
    : `With ${testing} in all, it is tried on those that found it.`;
  return steered.flatMap((one) => (one === null ? [] : [steeredSection(one, apart)]));
}

/** The part of the layers, from the end, at which a direction is as good as the answer itself: as the rules of Arditi et al. have it. */
const TOO_LATE = 0.2;

/** Layers that are few enough to try all. */
const FEW_LAYERS = 12;

/** Neither the first, where no prompt has read another token yet, nor the last fifth; of a deep model those of interest. */
function layersToTry(interest: readonly number[], { nLayers }: StudyRun['given']['config']): number[] {
  const all = [...Array(nLayers).keys()];
  const between = all.filter((layer) => layer > 0 && layer < Math.trunc(nLayers * (1 - TOO_LATE)));
  const chosen = nLayers <= FEW_LAYERS ? between : between.filter((layer) => interest.includes(layer));
  return [chosen, between, all].find(({ length }) => length > 0)!;
}
