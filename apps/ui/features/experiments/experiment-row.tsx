/** One line of the list of experiments. */
import { readFragment, type FragmentType } from '../../graphql/fragment-masking.ts';
import { ExperimentRowFragmentDoc } from '../../graphql/graphql.ts';
import { ExperimentStatus } from './experiment-status.tsx';
import { kindNames } from './kinds.ts';
import { RunRow } from './run-row.tsx';

export function ExperimentRow({ experiment }: { experiment: FragmentType<typeof ExperimentRowFragmentDoc> }) {
  const row = readFragment(ExperimentRowFragmentDoc, experiment);
  return (
    <RunRow
      href={`/experiments/${row.id}`}
      title={kindNames[row.kind]}
      run={row}
      dataSet={row.dataSet?.name ?? <small>pairs of its own</small>}
      status={<ExperimentStatus experiment={row} />}
    />
  );
}
