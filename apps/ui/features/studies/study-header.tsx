'use client';
/** What a study asks, where it stands, why it ended early, and what can be done with it. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyHeaderFragmentDoc } from '../../graphql/graphql.ts';
import { RunHeader } from '../experiments/run-header.tsx';
import { StudyActions } from './study-actions.tsx';
import { StudyStatus } from './study-status.tsx';
import { StoppedNotice } from './stopped-notice.tsx';

export function StudyHeader({ study }: { study: FragmentType<typeof StudyHeaderFragmentDoc> }) {
  const header = readFragment(StudyHeaderFragmentDoc, study);
  const { id, status, stopped, name, modelName: model, dataSetName: dataSet, seed, evenIfMixed } = header;
  const asked = { name, model, dataSet, seed, evenIfMixed };
  return (
    <>
      <RunHeader
        title={header.title}
        question={header.question}
        run={header}
        dataSet={header.dataSet?.name ?? dataSet}
        status={<StudyStatus study={header} hasTitle />}
        actions={<StudyActions id={id} status={status} asked={asked} />}
      />
      {stopped && <StoppedNotice reason={stopped} asked={asked} />}
    </>
  );
}
