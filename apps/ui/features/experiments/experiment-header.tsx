'use client';
/** What an experiment is, where it stands, why it failed, and what can be done with it. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentHeaderFragmentDoc } from '../../graphql/graphql.ts';
import { ExperimentActions } from './experiment-actions.tsx';
import { ExperimentStatus } from './experiment-status.tsx';
import { kindNames } from './kinds.ts';
import { RunHeader } from './run-header.tsx';

export function ExperimentHeader({ experiment }: { experiment: FragmentType<typeof ExperimentHeaderFragmentDoc> }) {
  const header = readFragment(ExperimentHeaderFragmentDoc, experiment);
  return (
    <RunHeader
      title={kindNames[header.kind]}
      run={header}
      dataSet={header.dataSet?.name ?? 'pairs of its own'}
      status={<ExperimentStatus experiment={header} />}
      actions={<ExperimentActions id={header.id} status={header.status} />}
    />
  );
}
