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
  // Before the first layer no prompt has read another token yet.
  const layers = roles.interest.layers.filter((layer) => layer > 0);
  const wanted = { layers: layers.length > 0 ? layers : ('all' as const) };
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
    claims: [
      ...objects.claims,
      ...roles.claims,
      ...chosen.claims,
      ...steeringClaims(
        heads,
        difference,
        chosen.heads.length === 0
          ? 'No head is over the threshold, so there is nothing to steer with.'
          : 'What the heads add is zero.',
      ),
    ],
  };
}

function steeredSections(steered: (Steered | null)[], { halves }: Replication): ReportSection[] {
  const [finding, testing] = [halves.finding, halves.testing].map(({ length }) => counted(length, 'pair'));
  const apart = halves.areApart
    ? `It was found on ${finding} and is tried on ${testing} others.`
    : `With ${testing} in all, it is tried on those that found it.`;
  return steered.flatMap((one) => (one === null ? [] : [steeredSection(one, apart)]));
}
