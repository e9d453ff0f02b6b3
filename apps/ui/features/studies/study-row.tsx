/** One line of the list of studies; of one that stopped, with the reason. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { StudyRowFragmentDoc } from '../../graphql/graphql.ts';
import { RunRow } from '../experiments/run-row.tsx';
import { StudyStatus } from './study-status.tsx';

export function StudyRow({ study }: { study: FragmentType<typeof StudyRowFragmentDoc> }) {
  const row = readFragment(StudyRowFragmentDoc, study);
  return (
    <RunRow
      href={`/studies/${row.id}`}
      title={row.title}
      remark={row.stopped}
      run={row}
      dataSet={row.dataSet?.name ?? row.dataSetName}
      status={<StudyStatus study={row} />}
    />
  );
}
